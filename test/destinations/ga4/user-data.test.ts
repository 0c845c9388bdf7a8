import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  cleanUserData,
  hashEmail,
  hashName,
  hashPhone,
  hashStreet,
  plainCountry,
  plainPlace,
  plainPostalCode,
} from '../../../destinations/ga4/user-data.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('hashes (2.6)', () => {
  it.each([
    // The sheet's vectors.
    [hashEmail, 'janedoe@gmail.com', 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69'],
    [hashEmail, 'Jane.Doe@gmail.com', 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69'],
    [hashPhone, '+4930901820', '4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678'],
    [hashPhone, ' +49 (30) 90-18-20', '4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678'],
    [hashPhone, '004930901820', '4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678'],
    // The rules, word for word.
    [hashEmail, ' Kari.Nordmann+nett@Example.no ', sha256('kari.nordmann+nett@example.no')],
    [hashEmail, 'j.d@googlemail.com', sha256('jd@googlemail.com')],
    [hashName, ' Åse-Marie 2. ', sha256('åsemarie')],
    [hashStreet, 'Storgata 1, 2. etg', sha256('storgata 1 2 etg')],
  ])('%# %s', (hash, text, expected) => {
    expect(hash(text)).toBe(expected);
  });

  it('leaves out what is none', () => {
    for (const email of ['', 'kari', '@example.no', 'kari@', '...@gmail.com']) expect(hashEmail(email)).toBeUndefined();
    for (const phone of ['', 'ring', '123', '1234567890123456']) expect(hashPhone(phone)).toBeUndefined();
    expect(hashName('42')).toBeUndefined();
    expect(hashStreet(' - ')).toBeUndefined();
  });

  it('keeps places in the clear', () => {
    expect(plainPlace(' Oslo 0150 ')).toBe('oslo');
    expect(plainPostalCode(' 0150 ')).toBe('0150');
    expect(plainPostalCode('01~50.')).toBe('0150');
    expect(plainCountry('no')).toBe('NO');
    expect(plainCountry('Norge')).toBeUndefined();
  });
});

describe('em (3.8)', () => {
  const hash = '1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk';
  const hex = 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69';

  it.each([
    ['the example', `tv.1~em.${hash}~co0.DE`, `tv.1~em.${hash}~co0.DE`],
    [
      'every part',
      `tv.1~em.${hash}~pn.${hash}~fn0.${hash}~ln0.${hash}~sa0.${hash}~ct0.berlin~rg0.be~pc0.10115~co0.DE`,
      `tv.1~em.${hash}~pn.${hash}~fn0.${hash}~ln0.${hash}~sa0.${hash}~ct0.berlin~rg0.be~pc0.10115~co0.DE`,
    ],
    ['two addresses', `tv.1~em.${hash}~em.${hex}`, `tv.1~em.${hash}~em.${hex}`],
    ['only the version', 'tv.1', undefined],
    ['an address in the clear', 'tv.1~em.kari@example.no', undefined],
    ['a name in the clear beside a hash', `tv.1~em.${hash}~fn0.Kari`, `tv.1~em.${hash}`],
    ['an address where a city belongs', `tv.1~em.${hash}~ct0.kari@example.no`, `tv.1~em.${hash}`],
    ['an error marker', 'tv.1~em.e2', undefined],
    ['another version', `tv.2~em.${hash}`, undefined],
    ['anything else', 'kari@example.no', undefined],
  ])('%s', (_, em, expected) => {
    expect(cleanUserData(em)).toBe(expected);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scalars } from '../../src/core/fields.ts';
import { Cleaner } from '../../src/privacy/cleaner.ts';
import { dropKey } from '../../src/privacy/url/keys.ts';
import { compileUrlPolicy } from '../../src/privacy/url/url.ts';

describe('dropKey (R42)', () => {
  it.each(
    (
      'customer_legal_name user_profile_name guest_2_name parent_first_name lead_name shipping_name contact_person_name ' +
      'name navn Name firstname first_name firstName first-name FIRST_NAME lastName surname etternavn full_name customer_name user.name billing[name] ' +
      'email Email EMAIL e-mail e_mail eMail userEmail user_email email_address epost e-post E-POST sähköposti ' +
      'phone phone_number phoneNumber telefon tlf mobilnummer puhelin fnr fødselsnummer fodselsnummer personnummer ssn cpr cpr_nr hetu kennitala ' +
      'address street_address billingAddress address_line_1 adresse ip ip_address client_ip dob birthdate birth_date dateOfBirth fødselsdato ' +
      'token access_token accessToken password passord new_password pwd otp session session_id sessionid key api_key code secret signature auth reset lat lng latitude'
    ).split(' '),
  )('%s is personal', (name) => {
    expect(dropKey(name)).toBe(true);
  });

  it.each(
    (
      'item_name event_name campaign_name product_name form_name page_title coupon coupon_code promo_code country_code item_id item_brand value currency ' +
      'parent_category_name lead_form_name first_product_name last_page_name shipping_method_name customer_group_name user_role_name account_plan_name ' +
      'method content_type content_group search_term keyword keywords variant monkey score author category company_name file_name mobile_menu is_mobile ' +
      'addressable renamed stopwatch sessions_attended percent_scrolled link_url video_title engagement_time_msec emailing'
    ).split(' '),
  )('%s is not', (name) => {
    expect(dropKey(name)).toBe(false);
  });

  it('takes no name that is too long to be one', () => {
    expect(dropKey('a'.repeat(101))).toBe(true);
  });
});

describe('custom parameters', () => {
  const policy = compileUrlPolicy({ query: ['q'], referrer: 'origin', neverForward: ['/helse/**'] });
  const scrubScalars = (record: Scalars) => new Cleaner(policy).scalars(record);

  it('drops personal names and click ids, scrubs what stays', () => {
    const input = {
      method: 'kort',
      score: 7,
      member: true,
      email: 'kari@example.no',
      first_name: 'Kari',
      gclid: 'abc',
      FBCLID: 'abc',
      'kari@example.no': 'x',
      note: 'ring +47 400 00 000',
      link_url: 'https://x.example/a?q=1&token=2',
      page_path: '/takk?e=1',
      from: 'https://x.example/helse/a',
      text: 'a'.repeat(4097),
      long: 'a '.repeat(2048),
    };
    expect(scrubScalars(input)).toEqual({
      method: 'kort',
      score: 7,
      member: true,
      note: 'ring [phone]',
      link_url: 'https://x.example/a?q=1',
      page_path: '/takk',
      long: 'a '.repeat(2048),
    });
  });

  it('drops numbers that are personal as their digits would be, and keeps times and prices', () => {
    expect(
      scrubScalars({
        a: 4111111111111111,
        at: 1795168000,
        at_ms: 1795169690123,
        price: 1299.5,
        minus: -3,
        none: Number.NaN,
      }),
    ).toEqual({ at: 1795168000, at_ms: 1795169690123, price: 1299.5, minus: -3, none: Number.NaN });
  });

  it('keeps no name that would change an object', () => {
    const input = JSON.parse('{"__proto__": "x", "a": "b"}') as Record<string, string>;
    const clean = scrubScalars(input);
    expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
    expect(clean['a']).toBe('b');
  });

  it('takes any text, and leaves no address and no unlisted parameter in it', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2 }),
      fc.constantFrom('https://', '/', '?', '#', '%2F', '%253F', '%uD83D', '&#55357;', ' ', 'x.example', 'q=', 'next='),
    );
    fc.assert(
      fc.property(fc.array(unit), fc.array(unit), (before, after) => {
        const text = `${before.join('')} https://x.example/a?secret=${after.join('')}&q=kari%40example.no`;
        const clean = String(scrubScalars({ text })['text'] ?? '');
        expect(clean).not.toContain('secret=');
        expect(clean).not.toMatch(/kari(?:@|%40)example/);
      }),
      { numRuns: 2000 },
    );
  });
});

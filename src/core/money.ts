/**
 * Currencies in use, ISO 4217 list one as of 2026 (https://www.six-group.com/en/products-services/financial-information/data-standards.html).
 * Not among them: metals, testing and `XXX`, which are no money, and currencies that have ended (`HRK`, `BGN`, `CUC`).
 */
const CURRENCIES: ReadonlySet<string> = new Set(
  (
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF ' +
    'CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD ' +
    'HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD ' +
    'MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN ' +
    'PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD ' +
    'TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG'
  ).split(' '),
);

/** A currency as vendors want it, upper case; undefined = the text is no currency (`kr`, `€`, `NKR`). */
export function currencyCode(text: string): string | undefined {
  if (CURRENCIES.has(text)) return text;
  const code = text.trim().toUpperCase();
  return CURRENCIES.has(code) ? code : undefined;
}

/** An amount without the errors of binary fractions: six decimals at most, 0.1 + 0.2 = 0.3. */
export function roundAmount(amount: number): number {
  // Nearly every amount has them already. Plus zero, because money has no minus zero.
  const plain = Math.abs(amount) < 1e9 && Math.round(amount * 1e6) / 1e6 === amount;
  return (plain || Number.isInteger(amount) ? amount : Number(amount.toFixed(6))) + 0;
}

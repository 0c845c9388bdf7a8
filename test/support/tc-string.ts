import { GVL, PurposeRestriction, TCModel, TCString, type RestrictionType, type VendorList } from '@iabtechlabtcf/core';

export const HIGHEST_VENDOR = 1200;
const PURPOSES = Array.from({ length: 11 }, (_, i) => i + 1);

const named = (ids: readonly number[]) => Object.fromEntries(ids.map((id) => [id, { id, name: String(id) }]));

/** A vendor list that allows everything, so that the library drops nothing of a model. */
const gvl = new GVL({
  gvlSpecificationVersion: 3,
  vendorListVersion: 100,
  tcfPolicyVersion: 5,
  lastUpdated: '2026-01-01T00:00:00Z',
  purposes: named(PURPOSES),
  specialPurposes: {},
  features: {},
  specialFeatures: {},
  stacks: {},
  dataCategories: {},
  vendors: Object.fromEntries(
    Array.from({ length: HIGHEST_VENDOR }, (_, i) => [
      i + 1,
      {
        id: i + 1,
        name: String(i + 1),
        purposes: PURPOSES,
        legIntPurposes: [],
        flexiblePurposes: PURPOSES,
        specialPurposes: [],
        features: [],
        specialFeatures: [],
      },
    ]),
  ),
} as unknown as VendorList);

/** What a TC string is to say. */
export interface TcWish {
  readonly purposes: readonly number[];
  readonly interests: readonly number[];
  readonly consents: readonly number[];
  readonly vendorInterests: readonly number[];
  readonly disclosed: readonly number[];
  readonly restrictions: readonly {
    readonly vendor: number;
    readonly purpose: number;
    readonly type: RestrictionType;
  }[];
  readonly cmpId: number;
  readonly treatment: boolean;
  /** Unix milliseconds; default: now. The library writes the day. */
  readonly lastUpdated?: number;
}

/** A TC string as IAB's own library writes it. */
export function encodeTcString(wanted: TcWish): string {
  const model = new TCModel(gvl);
  if (wanted.lastUpdated !== undefined) {
    model.created = new Date(wanted.lastUpdated);
    model.lastUpdated = new Date(wanted.lastUpdated);
  }
  model.cmpId = wanted.cmpId;
  model.cmpVersion = 1;
  model.consentScreen = 1;
  model.isServiceSpecific = true;
  model.publisherCountryCode = 'NO';
  model.purposeOneTreatment = wanted.treatment;
  model.purposeConsents.set([...wanted.purposes]);
  model.purposeLegitimateInterests.set([...wanted.interests]);
  model.vendorConsents.set([...wanted.consents]);
  model.vendorLegitimateInterests.set([...wanted.vendorInterests]);
  model.vendorsDisclosed.set([...wanted.disclosed]);
  for (const { vendor, purpose, type } of wanted.restrictions) {
    const restriction = new PurposeRestriction();
    restriction.purposeId = purpose;
    restriction.restrictionType = type;
    model.publisherRestrictions.add(vendor, restriction);
  }
  return TCString.encode(model);
}

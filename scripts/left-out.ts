/**
 * What is in the sources for other runtimes and would only be sent along with a worker: examples, words for pages of
 * documentation, schemas of a configuration that has been checked, and the parts of Zod that no schema of a request or an
 * answer uses. Each is taken out of the code before it is bundled; what is left does the same.
 */
import type { Plugin } from 'rolldown';
import { Visitor, type ESTree, type VisitorObject } from 'rolldown/utils';

type Cut = readonly [from: number, to: number];

/** The code without some of the properties of its objects, each with the comma behind it. */
function withoutProperties(code: string, program: ESTree.Program, isLeftOut: (one: Property) => boolean): string {
  const cuts: Cut[] = [];
  new Visitor({
    Property(one) {
      // One that stands in another that is left out goes with it.
      if (one.start >= (cuts.at(-1)?.[1] ?? 0) && isLeftOut(one)) cuts.push([one.start, one.end]);
    },
  }).visit(program);
  return without(code, cuts);
}

/** The code without these parts, which are in order, each with the comma behind it. */
function without(code: string, cuts: readonly Cut[]): string {
  return cuts.reduceRight((rest, [from, to]) => rest.slice(0, from) + rest.slice(to).replace(/^\s*,/, ''), code);
}

type Property = Parameters<NonNullable<VisitorObject['Property']>>[0];

function nameOf({ key }: Property): string {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? String(key.value) : '';
}

/** What nobody calls who decides and sends: examples and cases for documentation and tests, schemas as JSON for editors. */
const EXAMPLES =
  /\/(?:destinations\/[^/]+\/examples|src\/protocols\/[^/]+\/case-form)\.ts$|\/zod\/v4\/core\/(?:to-json-schema|json-schema-processors)\.js$/;
/** What reads the rules of a configuration. */
const RULES = /\/src\/config\/compile\/rule-schema\.ts$/;

function exportsOf(code: string): readonly string[] {
  return [...code.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name = '']) => name);
}

function emptied(name: string, files: RegExp): Plugin {
  return {
    name,
    transform(code, id) {
      if (!files.test(id)) return null;
      return exportsOf(code)
        .map((exported) => `export const ${exported} = () => [];`)
        .join('\n');
    },
  };
}

/** What settings mean, in words: for pages and editors. */
const WORDS = /\.describe\(\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"),?\s*\)/g;

/** A worker reads a configuration that has been checked: nobody is told there what a setting means. */
const wordless: Plugin = {
  name: 'wordless',
  transform: (code) => (code.includes('.describe(') ? code.replaceAll(WORDS, '') : null),
};

/** Properties that only the command line and the pages of documentation read, and the files where they stand. */
const UNREAD: readonly (readonly [files: RegExp, names: ReadonlySet<string>])[] = [
  [/\/src\/core\/(?:refusal-)?reasons\.ts$/, new Set(['means', 'todo'])],
  [/\/destinations\/[^/]+\/identifiers\.ts$/, new Set(['purpose', 'description'])],
  [/\/destinations\/[^/]+\/index\.ts$/, new Set(['probe', 'warnings', 'about', 'examples', 'aliases', 'docs'])],
];

/** Nor does it write documentation, or try the credentials of a vendor. */
const unread: Plugin = {
  name: 'unread',
  transform(code, id) {
    const names = UNREAD.find(([files]) => files.test(id))?.[1];
    if (names === undefined) return null;
    return withoutProperties(code, this.parse(code, { lang: 'ts' }), (one) => names.has(nameOf(one)));
  },
};

/** The words for a field in `core/fields.ts`, for the same pages. */
const FIELD_WORDS = /(row<.+>\(\s*'\w+'),\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"),?\s*\)/g;

const fieldsWithoutWords: Plugin = {
  name: 'fields without words',
  transform: (code, id) => (id.endsWith('/src/core/fields.ts') ? code.replaceAll(FIELD_WORDS, '$1)') : null),
};

/** A destination's settings as a schema. */
const SETTINGS = /^(?:export )?const settings = z\b/m;

/** Nor does it read settings: `build` has, and what it read is in the configuration. */
const settled: Plugin = {
  name: 'settled',
  transform(code, id) {
    if (!/\/destinations\/[^/]+\/\w+\.ts$/.test(id) || !SETTINGS.test(code)) return null;
    const { body } = this.parse(code, { lang: 'ts' });
    let less = code;
    let found = false;
    for (const one of body.toReversed()) {
      const declared = one.type === 'ExportNamedDeclaration' ? one.declaration : one;
      if (declared?.type !== 'VariableDeclaration') continue;
      for (const { id: name, init } of declared.declarations) {
        if (name.type !== 'Identifier' || init?.type !== 'CallExpression') continue;
        const isAll = name.name === 'settings';
        found ||= isAll;
        // What the settings are made of goes with them, where nothing else uses it.
        less =
          less.slice(0, init.start) +
          (isAll ? `undefined${less.slice(init.end)}` : `/* @__PURE__ */ ${less.slice(init.start)}`);
      }
    }
    if (!found) throw new Error(`${id}: its settings are not found`);
    return less;
  },
};

/**
 * The methods of Zod's schemas that are kept: each brings what it does, and texts alone have forty. A schema that uses
 * another one throws when a worker starts, so every test that runs one fails.
 */
const METHODS = new Set(
  'check clone parse safeParse optional nullable nullish or transform pipe catch refine superRefine regex min max int nonnegative'.split(
    ' ',
  ),
);

/** What Zod does beside reading: it guards against circles, which JSON has none of, and makes code, which no worker may run. */
const BESIDE: readonly (readonly [what: string, instead: string])[] = [
  ['core.config({ memoizer: core.memoizer() });', ';'],
  ['core.$ZodObjectJIT.init(', 'core.$ZodObject.init('],
];

const zodForReading: Plugin = {
  name: 'zod for reading',
  transform(code, id) {
    if (!id.endsWith('/zod/v4/classic/schemas.js')) return null;
    const less = withoutProperties(code, this.parse(code), (one) => {
      const { type } = one.value;
      return (type === 'FunctionExpression' || type === 'ArrowFunctionExpression') && !METHODS.has(nameOf(one));
    });
    return BESIDE.reduce((rest, [what, instead]) => {
      if (!rest.includes(what)) throw new Error(`${id}: this is not in it any more: ${what}`);
      return rest.replaceAll(what, instead);
    }, less);
  },
};

/** What is used of the cache, and of its list of free places: all else that it can do (lifetimes, fetching, dumps) is left out. */
const CACHE = new Set('constructor get set delete clear calculatedSize create push pop'.split(' '));

/** The cache as its authors wrote it: what they have minified themselves cannot be made smaller. */
const smallCache: Plugin = {
  name: 'small cache',
  resolveId(id, importer) {
    return id === 'lru-cache' ? this.resolve('lru-cache/raw', importer) : null;
  },
  transform(code, id) {
    if (!id.includes('/node_modules/lru-cache/')) return null;
    const cuts: Cut[] = [];
    new Visitor({
      MethodDefinition({ key, start, end }) {
        if (key.type !== 'PrivateIdentifier' && !(key.type === 'Identifier' && CACHE.has(key.name)))
          cuts.push([start, end]);
      },
    }).visit(this.parse(code));
    return without(code, cuts);
  },
};

/** What is used of addresses: to read those of version 6, and to compare and write both. */
const ADDRESSES = new Set(
  'isValid parse parser parseCIDR kind match toByteArray toRFC5952String toString toNormalizedString'.split(' '),
);

const fewAddresses: Plugin = {
  name: 'few addresses',
  transform(code, id) {
    if (!id.includes('/node_modules/ipaddr.js/')) return null;
    const cuts: Cut[] = [];
    new Visitor({
      ExpressionStatement({ expression, start, end }) {
        if (expression.type !== 'AssignmentExpression' || expression.left.type !== 'MemberExpression') return;
        const { object, property } = expression.left;
        const owner = code.slice(object.start, object.end);
        if (!/^ipaddr\.IPv[46]$|^IPv[46]\.prototype$/.test(owner) || property.type !== 'Identifier') return;
        if (owner === 'ipaddr.IPv4' || !ADDRESSES.has(property.name)) cuts.push([start, end]);
      },
    }).visit(this.parse(code));
    return without(code, cuts);
  },
};

/** Which processor a visitor has is never asked. */
const noProcessors: Plugin = {
  name: 'no processors',
  transform(code, id) {
    if (!id.includes('/node_modules/ua-parser-js/')) return null;
    let less = code;
    new Visitor({
      Property: (one) => {
        const { start, end, type } = one.value;
        if (nameOf(one) === 'cpu' && type === 'ArrayExpression') less = `${code.slice(0, start)}[]${code.slice(end)}`;
      },
    }).visit(this.parse(code));
    return less;
  },
};

/** What neither a worker nor `portvakt/web` calls. */
export const examples = emptied('examples', EXAMPLES);

/** All that a worker does without. */
export const WORKER_WITHOUT: readonly Plugin[] = [
  examples,
  emptied('rules', RULES),
  wordless,
  unread,
  fieldsWithoutWords,
  settled,
  zodForReading,
  smallCache,
  fewAddresses,
  noProcessors,
];

/** What only makes a schema or a list: where nobody uses what is made, nothing is lost with the call. */
export const PURE = [
  'z',
  'day',
  'eventNameSetting',
  'host',
  'idText',
  'paramSetting',
  'secret',
  'signalList',
  'sourceSetting',
  'Object.keys',
];

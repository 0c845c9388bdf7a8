import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { matrixCases, readMatrix } from '../matrix/cases.ts';
import { caseFile, type Case } from './format.ts';

/** The cases of one file. @throws where it is not of the format. */
export function readCases(file: string): readonly Case[] {
  return caseFile.parse(parse(readFileSync(file, 'utf8'), { merge: true })).cases;
}

/** The whole suite: the matrix and the cases beside it. */
export function readSuite(): readonly Case[] {
  return [...matrixCases(readMatrix()), ...readCases(join(import.meta.dirname, 'cases.yaml'))];
}

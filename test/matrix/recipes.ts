import type { Recipe, Recipes } from './at.js';
import { type Class, isStatic, type Member, membersOf } from './members.js';
import { ofReaders, ofWriters } from './recipes-cursor.js';
import {
  running,
  streaming,
  streamingReader,
  streamingTo,
  streamingWriter,
} from './recipes-flavours.js';
import { reading } from './recipes-read.js';
import { making } from './recipes-static.js';
import { typed } from './recipes-typed.js';
import { writing } from './recipes-write.js';

// All recipes, by class.

const files = { ...reading, ...writing, ...streaming, ...streamingTo, ...running } as Recipes;
const readers = { ...ofReaders, ...streamingReader } as Recipes;
const writers = { ...ofWriters, ...streamingWriter } as Recipes;
const statics = making as Recipes;

export const isCursor = (type: string): boolean => /Reader$|Writer$/.test(type);

function tableFor({ type, name }: Member): Recipes {
  if (isStatic(name)) return statics;
  if (type.endsWith('Reader')) return readers;
  if (type.endsWith('Writer')) return writers;
  return files;
}

export function recipeFor(member: Member): Recipe | undefined {
  return tableFor(member)[member.name] ?? typed(member.name, isCursor(member.type));
}

/** Every member of some classes. */
export function membersOfAll(classes: ReadonlyMap<string, Class>): Member[] {
  return [...classes].flatMap(([type, of]) => membersOf(type, of));
}

/** Members without a recipe, and recipes for which no class in any flavour has a member. */
export function gaps(members: readonly Member[]): string[] {
  const used = new Set<unknown>(members.map(recipeFor));
  return [
    ...members
      .filter((member) => !recipeFor(member))
      .map(({ type, name }) => `no recipe for ${type} ${name}`),
    ...[files, readers, writers, statics].flatMap((table) =>
      Object.entries(table)
        .filter(([, recipe]) => !used.has(recipe))
        .map(([name]) => `no class has what the recipe "${name}" is for`),
    ),
  ];
}

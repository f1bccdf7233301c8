// Copies the methods of one class to another, in place of multiple inheritance.

/**
 * Copies to a class the methods of another class and of its base classes. Not a subclass factory: V8 would create each
 * class's methods anew and share no type feedback between them.
 */
export function copyMethods(target: { prototype: object }, source: { prototype: object }): void {
  for (
    let from = source.prototype;
    from !== Object.prototype;
    from = Object.getPrototypeOf(from) as object
  ) {
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (key !== 'constructor') Object.defineProperty(target.prototype, key, descriptor);
    }
  }
}

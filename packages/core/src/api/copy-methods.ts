/**
 * Gives a class the methods of another one and of what that extends. Not a subclass factory: V8
 * would make each class's methods anew, and forget what it learned of the others.
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

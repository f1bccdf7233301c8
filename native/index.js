'use strict';

const addon = require('./load.js');

// What all copies of @fmmap/core in a process share is kept on the addon, which Node loads once.

// A registry that is collected calls nothing: that of one copy would leave files open once the copy is no longer used.
addon.leases ??= new FinalizationRegistry((lease) => lease.expire());

class Same {
  constructor(object) {
    // biome-ignore lint/correctness/noConstructorReturn: fields are then added to an object that there is
    return object;
  }
}

/** Records what an ArrayBuffer is a view of, in a private field. */
addon.Mark ??= class Mark extends Same {
  #of;

  constructor(buffer, of) {
    super(buffer);
    this.#of = of;
  }

  /** What was recorded, if anything. */
  static of(buffer) {
    return #of in buffer ? buffer.#of : undefined;
  }
};

// A listener for these signals replaces the guard's handler, and removing the listener removes any handler.
addon.onListener ??= (event) => {
  if (event === 'SIGBUS' || event === 'SIGSEGV') addon.rearmGuard();
};
for (const event of ['newListener', 'removeListener']) {
  if (!process.listeners(event).includes(addon.onListener)) process.on(event, addon.onListener);
}

module.exports = addon;

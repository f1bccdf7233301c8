'use strict';

// Loads build/Release (compiled here) or prebuilds/<platform>-<arch> (published), in this order.
let addon;
try {
  addon = require('node-gyp-build')(__dirname);
} catch (cause) {
  throw require('./failure.js')(cause);
}

// What there is one of for all copies of @fmmap/core in a process. It is kept by the addon, which Node loads once.

// A registry calls nothing once it is gone itself: that of one copy would leave files open when nobody uses it any more.
addon.leases ??= new FinalizationRegistry((lease) => lease.expire());

class Same {
  constructor(object) {
    // biome-ignore lint/correctness/noConstructorReturn: fields are then added to an object that there is
    return object;
  }
}

/** Notes of an ArrayBuffer what it is a view of, in a field that nobody else sees. */
addon.Mark ??= class Mark extends Same {
  #of;

  constructor(buffer, of) {
    super(buffer);
    this.#of = of;
  }

  /** What was noted, if anything. */
  static of(buffer) {
    return #of in buffer ? buffer.#of : undefined;
  }
};

// A listener for these signals replaces the handler of the guard, and its removal takes any handler away.
addon.onListener ??= (event) => {
  if (event === 'SIGBUS' || event === 'SIGSEGV') addon.rearmGuard();
};
for (const event of ['newListener', 'removeListener']) {
  if (!process.listeners(event).includes(addon.onListener)) process.on(event, addon.onListener);
}

module.exports = addon;

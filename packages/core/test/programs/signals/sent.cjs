// SIGBUS and SIGSEGV that are sent.
const { spawnSync } = require('node:child_process');
const os = require('node:os');
const { AT, RETURN, SURVIVED, isGuarded } = require('../foreign.cjs');
const { load, never, open, survive } = require('../foreign.cjs');
require('../package.cjs');
const { args, say, turn } = require('../program.cjs');

/** The signal to test. */
const [signal] = args;
const number = os.constants.signals[signal];

const send = () => process.kill(process.pid, signal);
/** Waits until the event loop has handled a signal, however long that takes. */
const until = async (test) => {
  while (!test()) await turn();
};
const prepare = () => {
  const foreign = load();
  const [one, other] = [open(), open()];
  if (isGuarded) survive();
  return { foreign, one, other };
};

exports.send = async () => {
  prepare();
  say('before');
  send();
  await never();
};

exports.sendByAnother = async () => {
  prepare();
  spawnSync('sh', ['-c', `kill -${signal.slice(3)} ${process.pid}`]);
  await never();
};

exports.ignore = (_signal, isEarly) => {
  if (isEarly) load().ignore(number);
  const { foreign, one, other } = prepare();
  if (!isEarly) {
    foreign.ignore(number);
    open();
  }
  for (let i = 0; i < 10; ++i) send();
  say(isGuarded ? survive(one, other) : SURVIVED);
  for (let i = 0; i < 10; ++i) send();
  say('alive');
};

exports.ignoreFault = () => {
  load().ignore(number);
  const { foreign } = prepare();
  foreign.read(signal === 'SIGBUS' ? foreign.mapLost(AT) : AT);
};

exports.handle = () => {
  load().take('a', RETURN);
  prepare();
  send();
  send();
  say('alive');
};

exports.listen = async (_signal, isEarly) => {
  let heard = 0;
  const listen = () =>
    process.on(signal, () => {
      heard += 1;
    });
  if (isEarly) listen();
  prepare();
  if (!isEarly) listen();
  for (let i = 1; i <= 5; ++i) {
    send();
    await until(() => heard >= i);
  }
  say(heard);
  process.exit();
};

exports.sendAfterListener = async () => {
  prepare();
  let heard = 0;
  process.once(signal, () => {
    heard += 1;
  });
  send();
  await until(() => heard === 1);
  say(heard);
  send();
  await never();
};

const listener = () => {};

/** What happens to a listener for the signal. */
exports.LISTENERS = {
  'is there': () => process.on(signal, () => {}),
  'was there before the first mapping': () => process.on(signal, () => {}),
  'is gone': () => {
    process.on(signal, listener);
    process.off(signal, listener);
  },
  'is gone, and another one there': () => {
    process.on(signal, listener);
    process.on(signal, () => {});
    process.off(signal, listener);
  },
  'was for one time': async () => {
    let heard = 0;
    process.once(signal, () => {
      heard += 1;
    });
    send();
    await until(() => heard === 1);
  },
  'is gone, and all others': () => {
    process.on(signal, listener);
    process.removeAllListeners(signal);
  },
  'is gone, and those of every event': () => {
    process.on(signal, listener);
    process.removeAllListeners();
  },
  'came after those of every event had gone': () => {
    process.removeAllListeners();
    process.on(signal, listener);
    open();
  },
  'came and went a hundred times': () => {
    for (let i = 0; i < 100; ++i) {
      process.on(signal, listener);
      process.off(signal, listener);
    }
  },
};

exports.surviveWithListener = async (_signal, name) => {
  const isEarly = name === 'was there before the first mapping';
  if (isEarly) await exports.LISTENERS[name]();
  const { one, other } = prepare();
  if (!isEarly) await exports.LISTENERS[name]();
  say(survive(one, other));
  // And with one more mapping.
  say(survive());
  process.exit();
};

exports.otherSignals = () => {
  const foreign = load();
  const handlers = () => Array.from({ length: 31 }, (_, i) => foreign.handlerOf(i + 1));
  const before = handlers();
  survive();
  say(handlers().flatMap((handler, i) => (handler === before[i] ? [] : [i + 1])));
};

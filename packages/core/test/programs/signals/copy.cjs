// A second copy of the package and its binding, which the test has put into the working directory.
const fs = require('node:fs');
const { CHAIN, SURVIVED, TOUCHES, load, open, survive } = require('../foreign.cjs');
const fmmap = require('../package.cjs');
const { caught, say } = require('../program.cjs');

const prepare = () => {
  const library = load();
  delete process.env.FMMAP_BINDING; // the copy has its own
  const copy = require(fs.realpathSync('copy.cjs'));
  const openCopy = () => open({}, copy);
  const bindings = fs.readFileSync('/proc/self/maps', 'utf8').match(/\S+\/fmmap\.node$/gm);
  if (new Set(bindings).size !== 2) say('one binding');
  return { library, copy, openCopy };
};

exports.inTurns = (first) => {
  const { openCopy } = prepare();
  const [open1, open2] = first === 'one' ? [open, openCopy] : [openCopy, open];
  const early = [open1(), open2(), open1(), open2(), open1(), open2()];
  say(survive(early[0], early[1]));
  say(survive(early[3], early[2]));
  for (let i = 0; i < 50; ++i) {
    const found = [survive(open1(), open2()), survive(open2(), open1())];
    if (found.some((each) => each !== SURVIVED)) say(found);
  }
  say(survive(early[4], early[5]));
};

exports.touchWithLibrary = (signal) => {
  const { library, openCopy } = prepare();
  load('1').take('a', CHAIN);
  for (let i = 0; i < 50; ++i) {
    survive(open(), openCopy());
    survive(openCopy(), open());
  }
  TOUCHES[signal](library);
};

exports.touch = (signal) => {
  const { traps } = require('../wasm.cjs');
  const { library, openCopy } = prepare();
  for (let i = 0; i < 3; ++i) {
    open();
    openCopy();
  }
  say(traps());
  TOUCHES[signal](library);
};

exports.withoutGuard = () => {
  const { copy, openCopy } = prepare();
  copy.disableFaultGuard();
  openCopy();
  say(survive());
  say(caught(fmmap.disableFaultGuard).code);
};

// One instance for `import` and `require`: two would disagree on error classes and hidden state.
export * from '../dist/index.cjs';

// One instance for `import` and `require`: two would disagree on hidden state.
export * from '../dist/index.cjs';

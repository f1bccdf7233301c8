#!/usr/bin/env node
// Committed, so that pnpm finds a file to link before the first build.
import './dist/cli.js';

import * as core from '@fmmap/core';
import { smoke } from './smoke.cjs';

smoke(core);

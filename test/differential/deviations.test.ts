import { deviations } from './deviations.js';
import { differOnPurpose } from './differ.js';

for (const { name, scenario, expected } of deviations) differOnPurpose(name, scenario, expected);

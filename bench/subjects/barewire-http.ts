import * as http from 'barewire/http';
import * as https from 'barewire/https';
import { createApplication } from '../application.js';
import { createFramework } from '../frameworks.js';
import { HELLO_WORLD } from '../scenarios.js';
import type { Subject } from '../subjects.js';
import { createHttpClient } from './http-client.js';

export const subject: Subject = {
  createServer: async (scenario) => {
    if (scenario.framework === undefined) return createApplication(http, https, scenario);
    await import('barewire/register');
    return createFramework(scenario.framework, HELLO_WORLD);
  },
  createClient: (target) => createHttpClient(http, https, target),
};

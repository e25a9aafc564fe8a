import http from 'node:http';
import https from 'node:https';
import { createApplication } from '../application.js';
import { createFramework } from '../frameworks.js';
import { HELLO_WORLD } from '../scenarios.js';
import type { Subject } from '../subjects.js';
import { createHttpClient } from './http-client.js';

export const subject: Subject = {
  createServer: (scenario) =>
    scenario.framework
      ? createFramework(scenario.framework, HELLO_WORLD)
      : createApplication(http, https, scenario),
  createClient: (target) => createHttpClient(http, https, target),
};

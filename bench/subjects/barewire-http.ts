import * as http from 'barewire/http';
import * as https from 'barewire/https';
import { createApplication } from '../application.js';
import type { Subject } from '../subjects.js';
import { createHttpClient } from './http-client.js';

export const subject: Subject = {
  createServer: (scenario) => createApplication(http, https, scenario),
  createClient: (target) => createHttpClient(http, https, target),
};

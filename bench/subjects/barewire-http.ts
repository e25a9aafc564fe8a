import * as http from 'barewire/http';
import * as https from 'barewire/https';
import { createApplication } from '../application.js';
import type { Subject } from '../subjects.js';

export const subject: Subject = {
  createServer: (scenario) => createApplication(http, https, scenario),
};

import * as http from 'barewire/http';
import { createApplication } from '../application.js';
import type { Subject } from '../subjects.js';

export const subject: Subject = { createServer: () => createApplication(http) };

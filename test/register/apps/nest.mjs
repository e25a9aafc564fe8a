// NestJS on its Express platform; what TypeScript makes of decorators is written out.
import 'reflect-metadata';
import common from '@nestjs/common';
import core from '@nestjs/core';
import platform from '@nestjs/platform-express';

const {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Injectable,
  Module,
  NotFoundException,
} = common;
const { Param, ParseIntPipe, Post, Query, Redirect, Req, Res, StreamableFile, UploadedFile, UseGuards } =
  common;
const { UseInterceptors, Headers } = common;

/** Puts decorators on a method, and on its parameters. */
function route(target, name, decorators, parameters = []) {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
  for (const [index, decorate] of parameters.entries()) decorate(target.prototype, name, index);
  for (const decorate of decorators.toReversed()) decorate(target.prototype, name, descriptor);
}

class CatsService {
  cats = [{ id: 1, name: 'Tom' }];

  find(id) {
    const cat = this.cats.find((one) => one.id === id);
    if (!cat) throw new NotFoundException(`no cat ${id}`);
    return cat;
  }
}
Injectable()(CatsService);

class Guard {
  canActivate(context) {
    return context.switchToHttp().getRequest().headers.authorization === 'Bearer letmein';
  }
}
Injectable()(Guard);

class CatsController {
  constructor(service) {
    this.service = service;
  }

  all(limit) {
    return this.service.cats.slice(0, limit === undefined ? undefined : Number(limit));
  }

  one(id) {
    return this.service.find(id);
  }

  create(cat, agent) {
    if (!cat?.name) throw new BadRequestException('a cat has a name');
    return { ...cat, id: 2, agent };
  }

  upload(file, body) {
    return { name: file.originalname, size: file.size, body };
  }

  file() {
    return new StreamableFile(Buffer.from('%PDF'), { type: 'application/pdf', disposition: 'inline' });
  }

  hidden() {
    return 'seen';
  }

  raw(req, res) {
    res.status(206).set('X-Url', req.originalUrl).json({ raw: true });
  }

  async fail() {
    throw new Error('failed on purpose');
  }

  away() {}
}
Reflect.defineMetadata('design:paramtypes', [CatsService], CatsController);
route(CatsController, 'all', [Get(), Header('X-Cats', 'all')], [Query('limit')]);
route(CatsController, 'one', [Get('by-id/:id')], [Param('id', ParseIntPipe)]);
route(CatsController, 'create', [Post(), HttpCode(201)], [Body(), Headers('x-agent')]);
route(
  CatsController,
  'upload',
  [Post('upload'), UseInterceptors(platform.FileInterceptor('photo'))],
  [UploadedFile(), Body()],
);
route(CatsController, 'file', [Get('file')]);
route(CatsController, 'hidden', [Get('hidden'), UseGuards(Guard)]);
route(CatsController, 'raw', [Get('raw')], [Req(), Res()]);
route(CatsController, 'fail', [Get('fail')]);
route(CatsController, 'away', [Get('away'), Redirect('/cats', 302)]);
Controller('cats')(CatsController);

class AppModule {}
Module({ controllers: [CatsController], providers: [CatsService] })(AppModule);

const app = await core.NestFactory.create(AppModule, { logger: false });
app.enableCors();
process.on('SIGTERM', () => app.close());
await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });

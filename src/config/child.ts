/**
 * Entry of the restricted process that runs a TypeScript document, or the tests beside one. It has no permission to write, to start programs or
 * threads, or to read outside of the repository and of mailgw; its environment holds what the operator listed.
 * Argument: the job as JSON. Answer: the reply as JSON on descriptor 3.
 */
import { writeSync } from 'node:fs'
import * as mailgw from '../index.ts'
import { evaluate, type Job } from './child-evaluate.ts'
import * as testing from './suite-define.ts'
import { collected } from './suite-registry.ts'

const reply = await evaluate(JSON.parse(process.argv.at(-1)!) as Job, { mailgw, 'mailgw/test': testing }, collected)
const bytes = Buffer.from(JSON.stringify(reply))
for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at)

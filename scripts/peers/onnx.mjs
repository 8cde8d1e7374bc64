// How fast ONNX Runtime runs a network on this processor, as a line of JSON.
// Needs: npm install --ignore-scripts onnxruntime-node, in the folder that it is run from.
// Usage: node onnx.mjs FILE.onnx N C H W [SECONDS [THREADS]]
import { createRequire } from 'node:module'
import { join } from 'node:path'
const ort = createRequire(join(process.cwd(), 'x.js'))('onnxruntime-node')
const [file, n, c, h, w, seconds = 3, threads = 0] = process.argv.slice(2)
const options = { interOpNumThreads: 1 }
if (+threads) options.intraOpNumThreads = +threads
const session = await ort.InferenceSession.create(file, options)
const dims = [+n, +c, +h, +w]
const x = new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b)).map(Math.random), dims)
const feeds = { [session.inputNames[0]]: x }
for (let i = 0; i < 3; i++) await session.run(feeds)
const times = []
for (const end = Date.now() + seconds * 1000; times.length < 3 || Date.now() < end; ) {
  const start = process.hrtime.bigint()
  await session.run(feeds)
  times.push(Number(process.hrtime.bigint() - start) / 1e9)
}
times.sort((a, b) => a - b)
console.log(JSON.stringify({ infer_img_s: +n / times[times.length >> 1] }))

// Gives diagrams to the real Mermaid, and says what it makes of them.
//
//   node check.mjs parse  <request.json     with the parser alone
//   node check.mjs render <request.json     in a headless Chromium
//
// The request is {"modules": directory of node_modules, "chromium": program,
// "pictures": directory or empty, "diagrams": [{"name", "text", "picture":
// whether a picture is wanted}]}. The answer, on
// standard output, is one {"name", "mermaid", "error", "labels"} for each diagram
// and version: the error is empty for one that was accepted, and labels are the
// texts that the drawn picture shows.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const request = JSON.parse(readFileSync(0, 'utf8'));
const require = createRequire(join(request.modules, 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const versionOf = (name) => JSON.parse(readFileSync(join(request.modules, 'node_modules', name, 'package.json'), 'utf8')).version;

// As GitHub sets it; the limits are Mermaid's own.
const settings = { startOnLoad: false, securityLevel: 'strict' };

async function parseAll() {
  const { JSDOM } = await load('jsdom');
  const { window } = new JSDOM('<!DOCTYPE html><body></body>');
  Object.assign(globalThis, { window, document: window.document });
  const { default: mermaid } = await load('mermaid');
  mermaid.initialize(settings);
  const answers = [];
  for (const { name, text } of request.diagrams) {
    const answer = { name, mermaid: versionOf('mermaid'), error: '', labels: [] };
    try {
      await mermaid.parse(text);
    } catch (error) {
      answer.error = String(error?.message ?? error);
    }
    answers.push(answer);
  }
  return answers;
}

async function renderAll() {
  const { default: puppeteer } = await load('puppeteer-core');
  const browser = await puppeteer.launch({
    executablePath: request.chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'], protocolTimeout: 0, timeout: 0,
  });
  const answers = [];
  try {
    for (const module of ['mermaid', 'mermaid-11-4']) {
      const page = await browser.newPage();
      page.setDefaultTimeout(0);
      await page.setViewport({ width: 1000, height: 800, deviceScaleFactor: 1.5 });
      await page.setContent('<!DOCTYPE html><body style="margin:16px;font-family:sans-serif"><div id="picture"></div></body>');
      await page.addScriptTag({ path: join(request.modules, 'node_modules', module, 'dist', 'mermaid.min.js') });
      await page.evaluate((s) => globalThis.mermaid.initialize(s), settings);
      for (const { name, text, picture } of request.diagrams) {
        const answer = { name, mermaid: versionOf(module), ...(await page.evaluate(draw, text)) };
        answers.push(answer);
        if (request.pictures && picture && answer.error === '') {
          const drawn = await page.$('#picture');
          await drawn.screenshot({ path: join(request.pictures, `${name}-${answer.mermaid}.png`) });
        }
      }
      await page.close();
    }
  } finally {
    await browser.close();
  }
  return answers;
}

// draw runs in the page. Mermaid draws an error as a picture of its own, so what
// render throws is not all that can go wrong: the labels tell.
async function draw(text) {
  const place = document.getElementById('picture');
  place.innerHTML = '';
  try {
    const { svg } = await globalThis.mermaid.render('drawn', text);
    place.innerHTML = svg;
    const labels = [...place.querySelectorAll('foreignObject > *')].map((e) => e.innerText.trim());
    return { error: '', labels: labels.filter((l) => l !== '') };
  } catch (error) {
    return { error: String(error?.message ?? error), labels: [] };
  }
}

const answers = await (process.argv[2] === 'render' ? renderAll() : parseAll());
process.stdout.write(JSON.stringify(answers));

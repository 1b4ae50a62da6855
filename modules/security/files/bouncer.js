// Answers the ingress's question whether an address may pass: 403 if CrowdSec has
// a decision about it, else 204. Without an answer of CrowdSec it may: who attacks
// it should not be able to shut everybody out.
import fs from 'fs';

function key() {
  return fs.readFileSync('/run/secrets/bouncer').toString().trim();
}

// The last address is the one that the ingress saw itself.
function address(r) {
  var all = (r.headersIn['X-Forwarded-For'] || '').split(',');
  return all[all.length - 1].trim();
}

async function verify(r) {
  var ip = address(r);
  if (!/^[0-9a-fA-F:.]+$/.test(ip)) {
    r.return(400, 'X-Forwarded-For has no address\n');
    return;
  }
  var answer = await r.subrequest('/decisions', { args: 'ip=' + ip });
  if (answer.status !== 200) {
    r.error('CrowdSec answered ' + answer.status + ' about ' + ip + ', which may pass');
    r.return(204);
    return;
  }
  r.return(answer.responseText.trim() === 'null' ? 204 : 403);
}

export default { key, verify };

// Run by mongosh beside each mongod, at every start. Idempotent. Creates or updates:
//   the replica set (the first member initiates it, the others join),
//   root, and the service's user with read and write access to its own database.
const { readFileSync } = require("fs");
const { hostname } = require("os");

/** Members in the largest overlay. Host names without a member are skipped. */
const MAX_MEMBERS = 3;

const [, service, ordinal] = /^(.+)-mongodb-(\d+)$/.exec(hostname());
const secret = (name) => readFileSync(`/secrets/${name}`, "utf8").trim();
const member = (ordinal) => `${service}-mongodb-${ordinal}.${service}-mongodb:27017`;
const me = member(ordinal);
const local = "127.0.0.1:27017";

const log = (message) => print(`setup of ${me}: ${message}`);
const open = (address) => connect(`mongodb://${address}/admin?directConnection=true&serverSelectionTimeoutMS=3000`);

function openAsRoot(address) {
  const admin = open(address);
  admin.auth("root", secret("root-password"));
  return admin;
}

/** Retries until success, such as after an election. The pod's startup probe is the timeout. */
function retry(what, work) {
  for (;;) {
    let reason = "";
    try {
      const outcome = work();
      if (outcome) return outcome;
    } catch (error) {
      reason = `: ${error.message}`;
    }
    log(`waiting for ${what}${reason}`);
    sleep(2000);
  }
}

/** The `hello` response of a member, which needs no authentication. */
function helloResponse(address) {
  const admin = open(address);
  const response = admin.hello();
  // Each call opens a connection.
  admin.getMongo().close();
  return response;
}

/** The `hello` response of a member of a replica set; undefined if it is unavailable or in no set. */
function hello(address) {
  try {
    const response = helloResponse(address);
    return response.setName ? response : undefined;
  } catch (error) {
    return undefined;
  }
}

/** Another member of the replica set. */
function anotherMember() {
  // A loop, not `find`: mongosh cannot await inside JavaScript's built-in functions.
  for (let other = 0; other < MAX_MEMBERS; other += 1) {
    if (String(other) !== ordinal && hello(member(other))) return member(other);
  }
  return undefined;
}

/** Fails until this pod's host name is resolvable, a moment after its start. */
function initiate() {
  log("initiating the replica set");
  const config = { _id: "rs0", members: [{ _id: 0, host: me }] };
  return open(local).runCommand({ replSetInitiate: config }).ok;
}

function join(other) {
  if (!other) return false;
  const admin = openAsRoot(hello(other).primary);
  const { config } = admin.runCommand({ replSetGetConfig: 1 });
  let highest = 0;
  for (const { _id, host } of config.members) {
    if (host === me) return true;
    highest = Math.max(highest, _id);
  }
  log("joining the replica set");
  config.version += 1;
  config.members.push({ _id: highest + 1, host: me });
  return admin.runCommand({ replSetReconfig: config }).ok;
}

/** The first member initiates the set, unless the others have one and this member has lost its data. */
function initiateOrJoin() {
  if (hello(local)) return true;
  const other = anotherMember();
  return ordinal === "0" && !other ? initiate() : join(other);
}

/** Creates root, which mongod allows from localhost while there are no users. */
function ensureRoot() {
  try {
    // Not returned directly: mongosh would await it outside of this `try`.
    const admin = openAsRoot(local);
    return admin;
  } catch (error) {
    log("creating root");
    open(local).createUser({ user: "root", pwd: secret("root-password"), roles: ["root"] });
    return openAsRoot(local);
  }
}

/** Creates the service's user, or updates its password. */
function ensureUser(admin) {
  const database = admin.getSiblingDB(service);
  const user = { pwd: secret("password"), roles: [{ role: "readWrite", db: service }] };
  if (database.getUser(service)) database.updateUser(service, user);
  else database.createUser({ user: service, ...user });
  return true;
}

retry("mongod", () => helloResponse(local).ok);
retry("membership in the replica set", initiateOrJoin);
const { primary } = retry("the replica set", () => {
  const response = hello(local);
  return response && response.primary && (response.isWritablePrimary || response.secondary) ? response : undefined;
});
if (primary === me) retry("root", ensureRoot);
retry("the service's user", () => ensureUser(openAsRoot(primary)));
log("done");

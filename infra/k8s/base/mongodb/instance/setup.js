// Run by mongosh beside each mongod, at every start. What is there already is left, or brought up to date:
//   the replica set (the first member begins it, the others join it),
//   root, and the service's user, who may read and write its own database and nothing else.
const { readFileSync } = require("fs");
const { hostname } = require("os");

/** As many as there are overlays for. Names that lead nowhere are passed over. */
const MOST_MEMBERS = 3;

const [, service, ordinal] = /^(.+)-mongodb-(\d+)$/.exec(hostname());
const secret = (name) => readFileSync(`/secrets/${name}`, "utf8").trim();
const member = (ordinal) => `${service}-mongodb-${ordinal}.${service}-mongodb:27017`;
const me = member(ordinal);
const local = "127.0.0.1:27017";

const say = (words) => print(`setup of ${me}: ${words}`);
const open = (address) => connect(`mongodb://${address}/admin?directConnection=true&serverSelectionTimeoutMS=3000`);

function openAsRoot(address) {
  const admin = open(address);
  admin.auth("root", secret("root-password"));
  return admin;
}

/** Tries until it works: a server starts, an election takes its time. The pod's startup probe ends what never does. */
function insist(what, work) {
  for (;;) {
    let fault = "";
    try {
      const outcome = work();
      if (outcome) return outcome;
    } catch (error) {
      fault = `: ${error.message}`;
    }
    say(`waiting for ${what}${fault}`);
    sleep(2000);
  }
}

/** What a member says of itself, which it tells everybody. */
function ask(address) {
  const admin = open(address);
  const said = admin.hello();
  // It is asked many times, and each time by a connection of its own.
  admin.getMongo().close();
  return said;
}

/** What a member says of its set; nothing if it does not answer, or is in none. */
function hello(address) {
  try {
    const said = ask(address);
    return said.setName ? said : undefined;
  } catch (error) {
    return undefined;
  }
}

/** Another member that is in the set already. */
function anotherMember() {
  // Loops, not `find`: mongosh cannot wait inside JavaScript's own functions.
  for (let other = 0; other < MOST_MEMBERS; other += 1) {
    if (String(other) !== ordinal && hello(member(other))) return member(other);
  }
  return undefined;
}

/** Works once this pod's name is known, which takes a moment after its start. */
function begin() {
  say("beginning the replica set");
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
  say("joining the replica set");
  config.version += 1;
  config.members.push({ _id: highest + 1, host: me });
  return admin.runCommand({ replSetReconfig: config }).ok;
}

/** The first one begins, unless it comes back without its data to others that have theirs. */
function belong() {
  if (hello(local)) return true;
  const other = anotherMember();
  return ordinal === "0" && !other ? begin() : join(other);
}

/** Root is made from its own machine, which mongod allows while there is nobody else. */
function seeToRoot() {
  try {
    // Not returned at once: mongosh would wait for it outside of this `try`.
    const admin = openAsRoot(local);
    return admin;
  } catch (error) {
    say("making root");
    open(local).createUser({ user: "root", pwd: secret("root-password"), roles: ["root"] });
    return openAsRoot(local);
  }
}

/** Also after its password was changed. */
function seeToUser(admin) {
  const database = admin.getSiblingDB(service);
  const user = { pwd: secret("password"), roles: [{ role: "readWrite", db: service }] };
  if (database.getUser(service)) database.updateUser(service, user);
  else database.createUser({ user: service, ...user });
  return true;
}

insist("mongod", () => ask(local).ok);
insist("a place in the replica set", belong);
const { primary } = insist("the replica set", () => {
  const said = hello(local);
  return said && said.primary && (said.isWritablePrimary || said.secondary) ? said : undefined;
});
if (primary === me) insist("root", seeToRoot);
insist("the service's user", () => seeToUser(openAsRoot(primary)));
say("done");

// Runs setup.js as mongosh would, against a fake replica set.
//   node mongosh.mjs <setup.js>
// Prints the outcome of each step and the state of the first member as JSON.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const script = readFileSync(process.argv[2], "utf8");
const members = new Map();
let secrets = { "root-password": "proot", password: "pfirst" };
let writes = 0;

const address = (ordinal) => `auth-mongodb-${ordinal}.auth-mongodb:27017`;
const start = (ordinal) => members.set(address(ordinal), { users: {}, config: undefined });
const primary = () => [...members.keys()].find((host) => members.get(host).config?.members[0].host === host);

function database(host, local, name, session) {
  const member = members.get(host);
  const users = () => members.get(primary() ?? host).users;
  const allow = (first) => {
    const noUsers = Object.keys(users()).length === 0;
    if (!session.user && !(local && noUsers && first)) throw new Error("not authorized");
  };
  const write = (user, value) => {
    if (primary() !== host) throw new Error("not primary");
    users()[`${name}.${user}`] = { ...users()[`${name}.${user}`], ...value };
    writes += 1;
  };
  return {
    hello() {
      if (!member.config) return { ok: 1, isWritablePrimary: false, secondary: false };
      const isWritablePrimary = primary() === host;
      return { ok: 1, setName: "rs0", primary: primary(), isWritablePrimary, secondary: !isWritablePrimary };
    },
    auth(user, password) {
      if (users()[`${name}.${user}`]?.pwd !== password) throw new Error("Authentication failed.");
      session.user = user;
    },
    getMongo: () => ({ close() {} }),
    getSiblingDB: (other) => database(host, local, other, session),
    getUser(user) {
      allow(false);
      return users()[`${name}.${user}`] ?? null;
    },
    createUser({ user, ...rest }) {
      allow(user === "root");
      write(user, rest);
    },
    updateUser(user, rest) {
      allow(false);
      if (JSON.stringify(users()[`${name}.${user}`]) !== JSON.stringify(rest)) write(user, rest);
    },
    runCommand(command) {
      allow("replSetInitiate" in command);
      if (command.replSetInitiate) {
        if (member.config) throw new Error("already initialized");
        member.config = { version: 1, ...command.replSetInitiate };
        writes += 1;
      }
      if (command.replSetReconfig) {
        if (primary() !== host) throw new Error("not primary");
        const config = command.replSetReconfig;
        if (config.version !== member.config.version + 1) throw new Error("version");
        for (const { host } of config.members) if (members.has(host)) members.get(host).config = config;
        writes += 1;
      }
      return { ok: 1, config: structuredClone(member.config) };
    },
  };
}

/** Runs the script in the pod of this ordinal, with a limit of retries like the pod's startup probe. */
function run(ordinal) {
  let retries = 20;
  const me = address(ordinal);
  const context = {
    print: () => {},
    sleep: () => {
      retries -= 1;
      if (retries === 0) throw new Error("waits forever");
    },
    connect(uri) {
      const host = /^mongodb:\/\/([^/]+)\/admin\?directConnection=true/.exec(uri)[1];
      const local = host === "127.0.0.1:27017";
      if (!members.has(local ? me : host)) throw new Error(`getaddrinfo ENOTFOUND ${host}`);
      return database(local ? me : host, local, "admin", {});
    },
    require: (name) =>
      ({ fs: { readFileSync: (path) => `${secrets[path.replace("/secrets/", "")]}\n` }, os: { hostname: () => `auth-mongodb-${ordinal}` } })[name],
  };
  try {
    vm.runInNewContext(script, context);
    return "done";
  } catch (error) {
    return error.message;
  }
}

const report = {};
const record = (step, outcome) => {
  const config = members.get(address(0)).config;
  const users = structuredClone(members.get(address(0)).users);
  report[step] = { outcome, members: config?.members.map(({ _id, host }) => [_id, host]) ?? [], users, writes };
  writes = 0;
};

start(1);
record("late", (start(0), run(1)));
record("first", run(0));
record("again", run(0));
record("second", run(1));
record("third", (start(2), run(2)));
record("restarted", run(2));
secrets = { ...secrets, password: "psecond" };
record("rotated", run(1));
secrets = { ...secrets, "root-password": "pother" };
record("wrong root", run(0));
console.log(JSON.stringify(report));

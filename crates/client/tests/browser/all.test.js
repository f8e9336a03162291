// One process, one browser and one program for all tests, since starting them takes longer than most of the tests.

import "./purchase.js";
import "./emails.js";
import "./passkeys.js";
import "./failures.js";
import "./pages.js";

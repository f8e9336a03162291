#!/bin/sh
# Runs the test that is the fake service of this file name.
FAKE_SERVICE=$(basename "$0") exec "$FAKE_SERVICE_PROGRAM" --exact --nocapture cluster::helper_that_is_a_fake_service

#!/bin/sh
# Stands in for the program that it is called as: runs the test that pretends to be that service.
PRETEND=$(basename "$0") exec "$PRETENDER" --exact --nocapture cluster::helper_that_pretends_to_be_a_service

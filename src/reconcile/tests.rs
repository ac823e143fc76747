//! The fleet against a host that is played by the test.

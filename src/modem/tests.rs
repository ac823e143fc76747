//! The driver against scripted modems.

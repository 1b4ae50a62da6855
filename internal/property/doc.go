// Package property holds a test of what the core promises for any two versions
// of a stack, on real engines: applying A and then B leaves what applying B alone
// would, volumes aside, and sends the engine exactly what the plan said.
package property

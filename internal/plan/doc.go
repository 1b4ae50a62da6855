// Package plan decides: from what should exist and what exists it makes the
// operations that lead from one to the other, each with its prerequisites and
// its cause. It is pure: the same values always give the same plan, and it
// knows no context, clock, random number, log or network.
package plan

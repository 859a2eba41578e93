// Package rehearsal plays a sale that has been described, before it takes place: in virtual time, with the machine that would
// decide it and the queue that would let buyers in, and with buyers who arrive, wait, lose patience, pay or fail to. What is asked is what
// other rules would have made of the same crowd: another time to live, quota, limit or queue.
//
// The same description and seed give the same result, whatever the machine. Each buyer draws from numbers of their own, so a
// change of the rules leaves the crowd as it was.
package rehearsal

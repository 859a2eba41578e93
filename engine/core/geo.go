package core

import "math/bits"

// Distances on the globe, in whole numbers, so that every processor finds the same. Sine, cosine and arc tangent are
// turned out of shifts and additions (CORDIC). Against the haversine formula in floating point the distance is within two
// metres, which a test checks; the globe is a sphere of 6371.009 km, so to the real way it is within half a percent.

// point is a place on the unit sphere, in units of 2^-30.
type point struct{ x, y, z int64 }

const (
	// angleShift is how much finer than degrees × 10^7 angles are while they are turned.
	angleShift = 20
	quarter    = 90_0000000 << angleShift
	// turnShift is where the one of a vector lies while it is turned.
	turnShift = 60
	// shrunk undoes what all turns together lengthen.
	shrunk = 700114967507363238
	// pointShift is where the one of a point lies.
	pointShift = 30
	// metresE9 is the length of 10^-7 degrees, in 10^-9 metres.
	metresE9 = 11119508
	// Antipode is the distance that nothing is beyond, in metres.
	Antipode = 20_015_116
)

// turns are the angles whose tangents are 1, 1/2, 1/4 …
var turns = [...]int64{
	471859200000000, 278554751030557, 147180680306245, 74711211430661, 37500583935972, 18768573059522, 9386576683583,
	4693574768243, 2346823192344, 1173416072354, 586708595704, 293354367793, 146677192639, 73338597412, 36669298843,
	18334649438, 9167324721, 4583662361, 2291831181, 1145915590, 572957795, 286478898, 143239449, 71619724, 35809862,
	17904931, 8952466, 4476233, 2238116, 1119058, 559529, 279765, 139882, 69941, 34971, 17485, 8743, 4371, 2186, 1093,
}

// circle gives cosine and sine of an angle in degrees × 10^7.
func circle(degreesE7 int32) (cos, sin int64) {
	angle := int64(degreesE7) << angleShift
	back := false
	switch {
	case angle > quarter:
		angle, back = angle-2*quarter, true
	case angle < -quarter:
		angle, back = angle+2*quarter, true
	}
	x, y := int64(shrunk), int64(0)
	for i, turn := range turns {
		if angle >= 0 {
			x, y, angle = x-y>>i, y+x>>i, angle-turn
		} else {
			x, y, angle = x+y>>i, y-x>>i, angle+turn
		}
	}
	if back {
		x, y = -x, -y
	}
	return x >> (turnShift - pointShift), y >> (turnShift - pointShift)
}

// pointOf gives the place of a latitude and a longitude.
func pointOf(latitudeE7, longitudeE7 int32) point {
	ring, z := circle(latitudeE7)
	x, y := circle(longitudeE7)
	return point{x: ring * x >> pointShift, y: ring * y >> pointShift, z: z}
}

// metresTo is the way along the great circle.
func (p point) metresTo(q point) int64 {
	apart := squareRoot(square(p.x-q.x) + square(p.y-q.y) + square(p.z-q.z))
	along := squareRoot(square(p.x+q.x) + square(p.y+q.y) + square(p.z+q.z))
	// Half the angle between the two has the tangent apart / along.
	x, y, angle := int64(along)<<pointShift, int64(apart)<<pointShift, int64(0)
	for i, turn := range turns {
		if y >= 0 {
			x, y, angle = x+y>>i, y-x>>i, angle+turn
		} else {
			x, y, angle = x-y>>i, y+x>>i, angle-turn
		}
	}
	return min(Antipode, max(0, angle)*2>>angleShift*metresE9/1_000_000_000)
}

func square(n int64) uint64 { return uint64(n * n) }

// squareRoot rounds down.
func squareRoot(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	root := uint64(1) << ((bits.Len64(n) + 1) / 2) // not below the root
	for {
		next := (root + n/root) / 2
		if next >= root {
			return root
		}
		root = next
	}
}

// positionOf gives the place of a location that has one.
func positionOf(s *LocationSettings) point {
	if !s.HasPosition {
		return point{}
	}
	return pointOf(s.LatitudeE7, s.LongitudeE7)
}

// Distance is the way between two positions in degrees × 10^7, in metres.
func Distance(latitudeE7, longitudeE7, toLatitudeE7, toLongitudeE7 int32) int64 {
	return pointOf(latitudeE7, longitudeE7).metresTo(pointOf(toLatitudeE7, toLongitudeE7))
}

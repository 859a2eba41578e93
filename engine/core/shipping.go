package core

// DeliveryMethod is how an order wants to get where it goes. The numbers are in journals and must not change.
type DeliveryMethod uint8

const (
	MethodNone     DeliveryMethod = 0 // nobody said; every location will do
	MethodStandard DeliveryMethod = 1
	MethodExpress  DeliveryMethod = 2
	MethodSameDay  DeliveryMethod = 3
	MethodPickup   DeliveryMethod = 4 // the customer fetches it

	lastMethod = MethodPickup
)

// DeliveryMethods is a set of them: bit n stands for method n.
type DeliveryMethods uint8

// AllMethods has every method that an order can name.
const AllMethods DeliveryMethods = 1<<(lastMethod+1) - 2

// Has tells whether a method is in the set. The empty set has all.
func (s DeliveryMethods) Has(m DeliveryMethod) bool { return s == 0 || m == MethodNone || s>>m&1 != 0 }

// CountryCode is two capital letters (ISO 3166-1), or zeros for none.
type CountryCode [2]byte

// PostalCode is a postal code or the beginning of one: capital letters and digits alone, zeros behind them.
type PostalCode [10]byte

func (p PostalCode) String() string {
	n := 0
	for n < len(p) && p[n] != 0 {
		n++
	}
	return string(p[:n])
}

func (c CountryCode) String() string {
	if c == (CountryCode{}) {
		return ""
	}
	return string(c[:])
}

// begins tells whether a code begins with this one, and with how many characters.
func (p *PostalCode) begins(code *PostalCode) (length int, ok bool) {
	for length < len(p) && p[length] != 0 {
		if p[length] != code[length] {
			return 0, false
		}
		length++
	}
	return length, true
}

// Destination is what routing knows of where an order goes. The zero value says nothing, and then nothing depends on it.
type Destination struct {
	Country     CountryCode
	Postal      PostalCode
	Method      DeliveryMethod
	HasPosition bool
	LatitudeE7  int32 // degrees × 10^7
	LongitudeE7 int32
	HasPickup   bool
	Pickup      LocationID // where the customer fetches the order
}

// IsGiven tells whether anything is said.
func (d *Destination) IsGiven() bool { return *d != Destination{} }

// Shipping is what a location can ship, how fast and at what price. It is never changed once it is made.
type Shipping struct {
	Methods      DeliveryMethods // empty for all
	HasCutOff    bool
	CutOff       uint16 // minute of the local day from which on an order leaves a day later
	UTCOffset    int16  // minutes that local time is ahead
	HandlingDays uint8  // until an order leaves
	CostPerUnit  uint32 // of handling, in minor units
	Channels     []ChannelID
	Zones        []Zone // empty for everywhere, at once and for nothing

	DailyCapacity uint32 // orders in a day (dayOf); 0 for no end
}

// Zone is a row of a location's table of where it ships. The rows with the longest matching postal code count, and before them
// those that name the country; of them the lightest that the order fits into. An order that fits into none of them is too heavy.
type Zone struct {
	Country     CountryCode // zeros for every country
	Postal      PostalCode  // what the postal code begins with; zeros for all
	TransitDays uint8
	Cost        uint32 // of a shipment, in minor units
	CostPerKilo uint32
	UpToGrams   uint32 // the most that the whole order, as it was asked for, may weigh; 0 for any weight
}

const (
	// MaxZones bounds a location's table of zones: every order that may leave there looks through it.
	MaxZones = 64
	// MaxLocationChannels bounds the channels that a location is set aside for.
	MaxLocationChannels = 16
	// MaxShippingCost bounds each cost, in minor units.
	MaxShippingCost = 1_000_000_000
	// MaxHandlingDays bounds days of handling, and of transit.
	MaxHandlingDays = 250
	// MaxZoneWeight bounds the weight up to which a zone counts, in grams.
	MaxZoneWeight = 1_000_000_000
	// MaxUTCOffset bounds how far local time is from UTC, in minutes.
	MaxUTCOffset = 14 * 60
	// MinutesOfDay bounds a cut-off.
	MinutesOfDay = 24 * 60
	// MaxUnitWeight bounds the weight of a unit, in grams. It lies in a SKU's flags.
	MaxUnitWeight = 1<<22 - 1
)

// zone finds the row of the table that a destination and an order's weight fall into. tooHeavy says that only the weight does not.
func (s *Shipping) zone(to *Destination, grams int64) (best *Zone, tooHeavy bool) {
	longest := -1
	for i := range s.Zones {
		z := &s.Zones[i]
		if z.Country != (CountryCode{}) && z.Country != to.Country {
			continue
		}
		length, ok := z.Postal.begins(&to.Postal)
		if !ok {
			continue
		}
		if z.Country != (CountryCode{}) {
			length += len(PostalCode{}) + 1
		}
		if length > longest {
			best, longest = nil, length
		}
		if length == longest && z.takes(grams) && (best == nil || z.isLighter(best)) {
			best = z
		}
	}
	return best, best == nil && longest >= 0
}

func (z *Zone) takes(grams int64) bool { return z.UpToGrams == 0 || grams <= int64(z.UpToGrams) }

func (z *Zone) isLighter(than *Zone) bool {
	return z.UpToGrams != 0 && (than.UpToGrams == 0 || z.UpToGrams < than.UpToGrams)
}

// sells tells whether a location is there for a channel.
func (s *Shipping) sells(channel ChannelID) bool {
	for _, c := range s.Channels {
		if c == channel {
			return true
		}
	}
	return len(s.Channels) == 0
}

// isLate tells whether today's cut-off has passed.
func (s *Shipping) isLate(now Millis) bool {
	const day = MinutesOfDay
	minute := (int64(now)/60_000 + int64(s.UTCOffset)) % day
	return s.HasCutOff && (minute+day)%day >= int64(s.CutOff)
}

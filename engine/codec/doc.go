// Package codec is the one binary form of commands, events, refusals and images. The journal, the
// feed and the binary batch all hold the same bytes, so that what a client sends is, after its
// checks, what lies on disk.
//
// Who uses what: package engine encodes commands into the journal and decodes them for the shards,
// encodes events into the feed and refusals and images into answers; package server decodes binary
// batches and, to render answers, events, refusals and images; clients of the binary batch encode
// commands and decode answers. Nobody else writes these bytes.
//
// # Rules of every format
//
//   - Numbers are little-endian where they have a fixed width. uv is an unsigned LEB128 varint,
//     zv a zigzag varint (both as in encoding/binary), str a uv length and the bytes.
//   - What was released must not change: not a number, not a place, not a meaning. A change of a
//     command kind's body or meaning is a new kind, or a new version of it beside the old one. A
//     change of an event is a new kind. A change of the feed's value is a new format number, of a
//     batch a new magic. testdata holds a golden file of each; a test that wants to rewrite an
//     existing one is reporting a broken promise.
//   - Decoders are strict. A value has one encoding: varints are minimal, what is empty is absent, and
//     there are no bytes that nobody reads. Limits of package core, characters of names and identifiers, kinds,
//     flags and versions are checked. The one freedom is a command's slot mask, which may be there for one slot
//     too, as it is patched in place (SetSlots).
//   - Malformed input gives a *FormatError with place and cause: never a panic, and never
//     more memory than the limits and the input's own length account for.
//   - Decoded byte slices point into the input. Encoders append, decoders reuse the destination's
//     slices: neither allocates once there is room.
//   - Encoders write what they are given. A value that breaks a limit becomes bytes that the decoder
//     refuses; only an order image whose allocations are not those of its lines stops the process.
//
// # Manifest
//
// What a checkpoint is made of (AppendManifest, DecodeManifest). The pages themselves are package core's
// records and the engine's keys as they lie in memory.
//
//	0       4  "HFC2"
//	4       8  sequence, 12 8 time, 20 8 epoch, 28 32 SHA-256 of the group of that sequence
//	60     16  digest of the tables
//	        …  uv value sets, and of each: u64 sequence, u32 values
//	        …  uv locations, and each as AppendLocationImage writes it
//	        …  uv channels, and of each: channel image
//	        …  uv sales, and each as AppendSaleImage writes it, without counts
//	        …  uv version, uv changed, routing: the policy
//	        …  for each of 64 slots: 16 bytes digest of what was archived, and for each of its slabs (core.SlabKind): u32 length,
//	           u32 free, u32 live, u32 how many of the first pages were archived, the other pages
//	       16  seed of the key table's hash
//	        …  for each of 64 stripes: u32 length, pages
//
// Pages are a u32 number of them, and of each: u32 place of the value set, u32 number of the value, 16 bytes digest. A
// place of 0xFFFFFFFF, a number of 0 and a digest of 0 stand for one more that was archived.
//
// # Command frame
//
// What the journal and a batch hold (AppendCommand, DecodeCommand, PeekCommand):
//
//	0       1  kind                 core.CommandKind
//	1       1  version              of the kind's meaning: 2 with money, else 1
//	2       1  flags                bit 0 key, bit 1 slot mask, bit 2 document, bit 3 expected version, bit 4 sale,
//	                                bit 5 destination, bit 6 recipes
//	3       1  slot                 the only slot touched; 0 beside a slot mask
//	4       4  length               of the whole frame, at most MaxFrameLength
//	8    [ 16  idempotency key   ]  flag bit 0; not all zero
//	     [  8  slot mask         ]  flag bit 1; 0 only before SetSlots
//	     [  4  expected version  ]  flag bit 3; not 0
//	     [  …  sale              ]  flag bit 4: uv number, uv ticket (0 for none), str identities
//	        …  body                 by kind
//	     [  …  destination       ]  flag bit 5
//	     [  1  stock policy      ]  flag bit 7: core.StockPolicy, not 0; place order only, not with a sale, and not 1 with recipes
//	     [  …  money             ]  version 2, of place hold, place order and edit order; version 3, of an edit that sets what the order costs beside its lines
//	     [  4  length of document]  flag bit 2; 1 to core.MaxDocumentLength
//	     [  …  document          ]
//	     [  …  recipes           ]  flag bit 6: uv number, and each recipe, in the order of their kits, which lines ask for
//	     [  4  length of recipes ]  flag bit 6
//
// Flags by kind: tick, fill order, expire unpaid and serve waitlist have only the mask, archive orders has none; confirm, extend, release and cancel have
// all but sale, destination and recipes, reroute order, resolve case, short pick and decline fulfilment all but sale, document and recipes, cancel lines, track shipment, take back, put on hold, take off hold, commands on payments, 73, 74, 75 and 77 nothing but key, mask and expected version, ship order and price order these and a document, edit order all but a sale and a stock policy; join and leave waitlist have no document; commands on documents of incoming stock have none in
// this sense, and create inbound no expected version either; define SKU, location, routing and sale, set channel and set channel rule have all
// but sale, destination and recipes; all others have everything but the expected version, and of those only
// place hold and place order may have a sale, recipes (edit order, too) and, with reroute order, resolve case and edit order, a destination; set kit has no document. Slots and
// order number have fixed widths, so they are patched in
// place once they are known (SetSlots, SetOrder).
//
// Bodies:
//
//	 1 tick              nothing
//	 2 define SKU        str name, uv safety stock, zv backorder limit (−1 unlimited), uv limit per customer,
//	                     uv low stock, u8 1 if stopped, uv weight in g, preorder
//	 3 define location   str name, u8 kind, zv priority, u8 1 if a position follows, [i32 latitude, i32 longitude in degrees × 10^7],
//	                     u8 1 if stopped, u8 1 if shipping follows, [shipping]
//	 4 define channel    str name
//	 5 adjust stock      uv rows, and of each: uv SKU, uv location, u8 mode, zv value, [zv expected, mode 2 only], str reason
//	 6 place hold        uv time to live in ms, uv channel, str customer, u8 1 if up to what there is, uv lines, and of each: uv SKU, uv quantity
//	 7 place order       uv channel, str customer, str external id, uv lines, and of each: uv SKU, uv quantity
//	 8 confirm hold      u64 order number
//	 9 extend hold       u64 order number, uv time to live in ms
//	10 release hold      u64 order number
//	11 cancel order      u64 order number
//	12 archive orders    u64 number of an order of the page
//	13 move stock        str actor, str cause, uv rows, and of each: uv SKU, uv location, u8 movement kind, u8 states (from<<4 | to),
//	                     zv quantity, [u8 1 if an expected quantity follows, [uv expected], count only], str reason
//	16 define routing    routing
//	17 reroute order     u64 order number, uv location, u8 reason (bit 7: what nobody else has waits), str note, str actor, uv lines, and of each:
//	                     uv SKU, uv quantity (0 for all); no two of one SKU
//	48 cancel lines      u64 order number, str note, str actor, uv lines, and of each: uv line, uv quantity (0 for all that can be); no two of one line
//	49 ship order        u64 order number, str note, str actor, uv location, [u8 0, uv number of
//	                     the fulfilment order or 0, u8 1 if picked up: unless both are 0], uv lines, and of each: uv SKU, uv quantity (0 for all there); no two of
//	                     one SKU
//	56 report payment    u64 order number, str note, str actor, u8 type, u8 status, uv number of the task (0 for none), uv number that it is of (0 for none),
//	                     zv amount, 3 bytes currency, uv at, str provider, str reference
//	57 request payment   u64 order number, str note, str actor, u8 type (2 to 4), uv number that it is of (0 for any), uv amount (0 for all), [3 bytes currency: amount]
//	58 lock hold         u64 order number, str note, str actor, uv time to live, str provider, str reference
//	59 unlock hold       u64 order number, str note, str actor
//	60 expire unpaid     u64 order number
//	50 track shipment    u64 order number, str note, str actor, uv number of the shipment, uv reports, and of each: uv at, u8 status, str id
//	51 take back         u64 order number, str note, str actor, uv number of the shipment, uv location, u8 state of stock, uv lines as in 49
//	52 put on hold       u64 order number, str note, str actor, u8 reasons (core.OnHold), one at least
//	53 take off hold     as 52, u8 reasons (0 for all)
//	64 request return    u64 order number, str note, str actor, u8 marks (bit 0 forced, bit 1 a claim), uv until (0 for no end), uv rows, and of each: uv line,
//	                     uv quantity (0 for all), u8 reason; no two of one line
//	65 decide return     u64 order number, str note, str actor, uv number of the return, u8 decision, [uv until, terms: decision 1, to approve]
//	66 report return     u64 order number, str note, str actor, uv number of the return; likewise 69 close return and 71 settle return
//	67 receive return    u64 order number, str note, str actor, uv number of the return, uv location, uv rows, and of each: uv line, uv quantity (0 for all),
//	                     u8 disposition, no two of one line and disposition; uv SKUs of the rows as lines of 49
//	68 inspect return    as 67, rows of dispositions 1, 2 and 4 alone; without rows there are no SKUs
//	70 decide refund     u64 order number, str note, str actor, uv number of the return, u8 1 if it is credit, uv amount, 3 bytes currency
//	80 edit order        u64 order number, str note, str actor, u8 marks (bit 0 units are taken off, bit 1 lines are added; some are set, or there is a
//	                     document; bit 2, alone and in version 1, it is of the document only: there is one, and neither destination nor recipes), [uv lines, and of each: uv line, uv quantity (0 for all that can be); no two of one line: bit 0],
//	                     [uv lines, and of each: uv SKU, uv quantity: bit 1]
//	81 price order       u64 order number, str note, str actor, uv lines without those of components, money
//	73 work fulfilment   fulfilment, u8 core.FulfilmentAction, [uv at: action 2]
//	74 split fulfilment  fulfilment, uv lines, and of each: uv line, uv quantity; no two of one line
//	75 move fulfilment   fulfilment, uv location where to, SKUs
//	76 short pick        fulfilment, u8 1 if what is missing is not to be sold, uv lines, and of each: uv line, uv quantity that was found; SKUs
//	77 merge fulfilments fulfilment, uv number of the one that it becomes part of
//	78 decline fulfilment  fulfilment, SKUs
//	19 set channel       str name, u8 marks (bit 0 bands, bit 1 a return window follows, bit 2 a capture policy, bit 3 a time to pay), uv buffer, [uv days: bit 1],
//	                     [u8 policy, not 0: bit 2], [uv milliseconds, not 0: bit 3]
//	20 set channel rule  rule
//	21 set kit           recipe
//
// A fulfilment is u64 order number, str note, str actor, uv location, uv number (0 for the first live one there). SKUs are uv how many, and of each: uv SKU, u8 0; no
// two are one.
//
// A preorder is uv when it ships, 0 for none, [uv limit].
//
// A rule is uv SKU, uv channel, u8 marks (1 buffer, 2 pool, 4 the pool is exclusive, 8 it has a share), [uv buffer], [u8 share in percent], [uv quota, uv start, uv end: of a pool].
//
// Terms of a return are u8 policy, u8 remedy, u8 marks (bit 0 the customer keeps the units, bit 1 amounts, bit 2 a replacement), [3 bytes currency, uv fee, zv difference: bit 1],
// [u64 order number: bit 2].
//
// A recipe is uv SKU of the kit, uv components (1 to 32; 0 in set kit: it is none), and of each: uv SKU, uv quantity.
//
//	22 create inbound    document, u8 flags (bit 0 has a place of origin, bit 1 send), [uv from], uv to, str supplier,
//	                     uv lines, and of each: uv SKU, uv quantity, uv expected (ms since 1970, 0 for not known)
//	23 send inbound      document
//	24 receive inbound   document, uv rows, and of each: uv line, [uv SKU, line 0 only], uv quantity, u8 discrepancy<<4 | state,
//	                     [uv differing, with a discrepancy only], str reason
//	25 close inbound     document, u8 discrepancy, str reason
//	26 cancel inbound    document
//
// A document is named by u8 kind (core.InboundKind), str number and, behind them, str actor.
// The number of a new one is empty or not reserved (core.IsReservedNumber).
//
//	28 fill order        u64 order number
//	32 define sale       str name, sale rules
//	33 join waitlist     uv sale, uv channel, str customer, str identities, uv SKU, uv quantity
//	34 leave waitlist    uv sale, uv number of the place
//	35 serve waitlist    uv sale, uv number of the place, uv channel, str customer, str identities, uv SKU, uv quantity
//	40 resolve case      u64 order number, u64 number of the order whose case it is, uv SKU, u8 action, [uv location: action 3], str note, str actor
//	36 advance queue     uv sale, uv reserved, uv drawn, uv admitted, uv settled, u8 1 if opened
//	72 add note          u64 order number, str actor; the document is the text, at most core.MaxNoteLength bytes of UTF-8, and has to be there
//
// Identities are at most one each of u8 1 address, 2 device, 3 payment, in this order, and behind each 16 bytes of hash.
//
// Sale rules: uv start, uv end, uv limit per customer, address, device and payment, uv longest time to live in ms, uv expired holds,
// uv places on the waitlist, uv time to live of an offer in ms, u8 1 if
// tickets are required, uv opening in ms, uv rate per minute, uv time to live of a token in ms, uv patience in ms, uv share in percent, uv items, and of each: uv SKU,
// zv quota (−1 unlimited), uv units held at once. 0 stands for no limit.
//
// Destination, where an order goes: u8 marks (bit 0 has a position, bit 1 has a place to fetch it), u8 delivery method, 2 bytes country (0 for
// none), str postal code, [i32 latitude, i32 longitude: bit 0], [uv location: bit 1]. It says something.
//
// Money, what an order costs: 3 bytes currency, zv what it costs beside its lines, uv for each line. In minor units; all together 0 to core.MaxAmount.
//
// Shipping, what a location can ship: u8 set of delivery methods, u8 1 if a cut-off follows, [uv minute of the day], zv minutes ahead of UTC, u8 days
// of handling, uv cost of a unit, uv channels, each uv, uv zones, and of each: 2 bytes country (0 for all), str postal code, u8 days in
// transit, uv cost of a shipment, uv cost of a kilogram, uv grams that an order may weigh (0 for any), [uv orders in a day]. Costs are in minor
// units. The mark before says whether there is any: 0 for none, 1 without a capacity of a day, 3 with one.
//
// Routing, how orders are routed: u8 strategy, uv rules, each u8, u8 limit of shipments, uv penalty, u8 1 if suppliers do not count, uv preferred
// locations, each uv.
//
// Route, an explain record: uv order number, uv version of the policy, u8 search, u8 rules, each u8, uv shipments, uv score for each rule, uv
// locations found, uv candidates, and of each: uv location, u8 fate<<1 | 1 if chosen, and of an eligible one uv SKUs whole, uv units, uv score for
// each rule.
//
// Fingerprint is the XXH64 of sale, body, destination, stock policy and document, without recipes, XOR the product of (kind | version<<8 | (flags of document,
// sale, destination and stock policy)<<16)
// and 0x9E3779B97F4A7C15.
//
// # Event
//
// A part of the feed, and the image that a write is answered with (AppendEvent, DecodeEvent):
//
//	u8 kind             core.EventKind
//	uv length           of all that follows
//	uv sequence, uv at  at in milliseconds since 1970
//	…  body             by kind
//
//	 1 SKU defined                       SKU image
//	 2 location defined                  location image
//	 3 channel defined                   channel image
//	 4 stock adjusted                    uv rows, and of each: uv SKU, level, uv on hand before, str reason
//	 5 hold placed      8 hold expired   order image
//	 6 hold extended    9 hold confirmed order image
//	 7 hold released   10 order placed   order image
//	14 hold cancelled  11 order cancelled  order image
//	12 stock moved                       str actor, str cause, uv rows, and of each: uv SKU, level after, u8 movement kind,
//	                                     u8 states (from<<4 | to), zv quantity, str reason
//	13 supply changed                    uv SKU, u8 supply before, u8 supply, zv available, uv low stock
//	16 order routed                      route
//	17 order rerouted                    order image, uv location, u8 reason, str note, str actor, uv moves, and of each: uv line, uv location
//	                                     plus one (0: they wait), uv quantity; uv lines left, and of each: uv line, uv quantity
//	18 routing defined                   uv version, uv changed, routing
//	19 channel rule set                  rule, uv version, u8 phase of the pool, uv units of the pool in holds and orders, uv covered
//	20 pool changed                      as 19
//	29 preorder ended                    uv SKU, uv when it ships, uv limit, uv units still waited for
//	21 kit set                           recipe
//	22 purchase order changed            inbound image, uv discrepancies, and of each: uv line, u8 discrepancy, uv quantity, str reason;
//	23 transfer changed                  str actor, uv rows as in stock moved; their cause is the image's number
//	48 lines cancelled                   order image, str note, str actor, uv lines, and of each: uv line, uv quantity; uv places, and of each:
//	                                     uv line, uv location plus one (0: they waited), uv quantity
//	49 order shipped                     order image, str note, str actor, uv number of the shipment, uv rows as in stock moved, perhaps none
//	50 shipment tracked                  order image, str note, str actor, uv number of the shipment, uv reports as in the command
//	51 shipment taken back               as 49, one row at least
//	52 order put on hold                 order image, str note, str actor, u8 reasons that were added
//	53 order taken off hold              order image, str note, str actor, u8 reasons that were taken back
//	73 fulfilment changed                order image, uv number, str note, str actor, u8 core.FulfilmentAction
//	74 fulfilment split                  order image, uv number, str note, str actor, uv number of the new one
//	77 fulfilments merged                order image, uv number, str note, str actor, uv number of the one that it became part of
//	75 fulfilment moved                  order image, uv number, and the rest as in order rerouted behind its image
//	78 fulfilment declined               as 75
//	76 fulfilment short                  as 75, uv rows as in stock moved (none if what is missing is sold)
//	54 order closed                      order image
//	64 return requested                  order image, str note, str actor, uv number of the return, uv rows, and of each: uv line, uv quantity, u8 reason
//	65 return decided   66 reported      order image, str note, str actor, uv number of the return
//	69 return closed    70 refund decided  as 65
//	67 return received  68 inspected     order image, str note, str actor, uv number of the return, uv rows, and of each: uv line, uv quantity, u8 disposition;
//	                                     uv rows as in stock moved, which may be none
//	71 return expired                    order image, uv number of the return
//	80 order edited                      as 48, but that no lines may be cancelled, and uv lines added, the last ones of the image
//	82 order priced                      order image, str note, str actor
//	56 payment reported                  order image, str note, str actor, uv number of the entry
//	57 payment requested                 as 56
//	58 hold locked    59 hold unlocked   order image, str note, str actor
//	60 order unpaid                      order image
//	61 task requested                    order image, uv number of the entry
//	28 order filled                      order image, uv fills, and of each: uv line, uv location, uv quantity
//	32 sale defined                      sale image, without counts
//	33 waitlist joined                   waiter image
//	34 waitlist left                     waiter image, u8 core.Reason (0 for who left by themselves)
//	35 waitlist offered                  waiter image, order image
//	36 queue advanced                    as in the command
//	39 order oversold                    uv order number, uv SKUs, and of each: uv SKU, uv units
//	72 note added                        uv order number, str actor; its text is the document of the sequence
//	81 payment late                      uv order number, u8 type, u8 status, uv number of the task, uv number that it is of, zv amount, 3 bytes currency, uv at,
//	                                     str provider, str reference, str note, str actor
//	40 case resolved                     order image, case, u8 action (bit 7: the order that was cancelled was a hold), uv units, str note, str actor, uv fills as in event 28, which may be none
//
// # Images
//
// Order (AppendOrderImage; in events too):
//
//	u8 marks: bit 0 has a document, bit 1 has an external id, bit 2 has a deadline,
//	          bit 3 made by the event around it (its sequence and at are the order's created
//	          and created at; required when they are equal, never set outside events),
//	          bits 4–6 core.OrderStatus, bit 7 u8 more marks follow: bit 0 has a sale, bit 1 each line begins
//	          with u8 marks, one of which is set somewhere: bit 0 has pooled units, bits 1–2 core.LineRole, bit 4 sold in a preorder;
//	          bit 2 a life follows the lines, bit 3 an account, bit 4 it is on hold, bit 5 returns follow the life, bit 6 its document is that of an edit,
//	          bit 7 fulfilment orders follow the life and the returns
//	uv number, uv version, [uv created, uv created at: unless bit 3], [uv deadline: bit 2],
//	uv channel, str customer, [str external id: bit 1], [u8 more marks: bit 7],
//	[uv sale, str identities: more bit 0], [u8 core.OnHold: more bit 4], uv lines, and of each:
//	    [u8 marks: more bit 1], uv SKU, uv quantity, uv backordered, [uv pooled: bit 0], uv allocations, and of each: uv location, uv quantity
//	[life: more bit 2], [returns: more bit 5], [fulfilment orders: more bit 7], [account: more bit 3], [uv sequence of the edit, after created; bit 0 is set: more bit 6]
//
// Life, what became of an order: of each of its lines uv cancelled, uv shipped, uv delivered, uv lost, uv sent back, uv taken back; uv closes at,
// uv shipments, and of each: u8 status (bit 7: has a document), uv location, uv created, uv created at, uv tracked at, uv lines, and of each: uv line,
// uv quantity, uv taken back.
//
// Returns: uv returns (1 to 100), and of each: u8 status, u8 marks (bit 0 has a document, bit 1 forced, bit 2 its replacement was dealt with, bit 3 a claim),
// uv created, uv created at, uv until, uv sent, terms, uv lines, and of each: uv line, uv quantity, u8 reason, u8 set of dispositions, and of each of those uv units;
// uv refunds, and of each: u8 1 if it is credit, uv amount, 3 bytes currency, uv decided, uv decided at, str by.
//
// Account, of an order: u8 marks (bit 0 has money, bit 1 has a lock, bit 2 is to be paid by an instant), [money: bit 0], [uv until, uv deadline without it,
// str provider, str reference: bit 1], [uv instant: bit 2], uv entries, and of each: u8 type, u8 status (bit 7: a task, bit 6: of a refund that was decided on, bit 5: somebody asked for it), uv number that it is of, zv amount, uv at,
// uv created, uv created at, str provider, str reference, str note.
//
// Fulfilment orders: uv how many, and of each: u8 status (bit 7: some of it was shipped), uv location, [uv scheduled at: status 3], uv lines, and of each: uv line,
// uv quantity.
//
// SKU (AppendSKUImage):
//
//	uv number, u8 1 if it has a document, uv version, uv changed, str name,
//	uv safety stock, zv backorder limit, uv limit per customer, uv low stock, u8 1 if stopped, uv weight, preorder, u8 1 if it is live, preorder
//
// Location (AppendLocationImage):
//
//	uv number, u8 1 if it has a document, uv version, uv changed, str name,
//	u8 kind, zv priority, u8 1 if a position follows, [i32 latitude, i32 longitude], u8 1 if stopped,
//	u8 1 if shipping follows, [shipping]
//
// Channel (AppendChannelImage):
//
//	uv number, u8 1 if it has a document, uv version, uv changed, str name, settings as in set channel
//
// Sale (AppendSaleImage):
//
//	uv number, u8 1 if it has a document, uv version, uv changed, str name, sale rules,
//	uv counts (none, or one for each item), and of each: uv held, uv sold, zv orderable,
//	uv units waited for, uv people who wait
//
// Waiter (AppendWaiterImage):
//
//	uv sale, uv SKU, uv number, uv since, uv quantity, uv position, uv channel, str customer, str identities
//
// Case, of what an order was oversold of a SKU:
//
//	uv order number, uv SKU, uv version, uv opened, uv opened at, uv changed, uv changed at, uv units, uv left
//
// Level, in events and in an availability:
//
//	uv location, uv on hand, uv damaged, uv quality control, uv other, uv reserved, uv allocated
//
// Availability (AppendAvailability):
//
//	uv SKU, uv safety stock, zv backorder limit, uv limit per customer, uv low stock, u8 1 if stopped, uv weight,
//	zv available, uv on hand, uv unavailable, uv reserved, uv allocated, uv withheld, uv backordered, uv levels, each a level and
//	uv withheld, uv rules, each as in event 19,
//	uv lots, and of each: u8 kind, str number, uv line, uv location, uv expected, uv open,
//	uv components, and of each: uv quantity, and an availability without components
//
// Inbound (AppendInboundImage), a purchase order or a transfer:
//
//	u8 kind, u8 core.InboundStatus, uv version, uv created, uv created at, u8 1 if a place of origin follows, [uv from], uv to,
//	str number, str supplier, uv lines, and of each: uv SKU, uv quantity, uv expected, uv received, uv short, uv damaged, uv lost, uv over
//
// # Refusal
//
// AppendRefusal:
//
//	u8 reason (core.Reason, never 0), uv order number, uv version, [uv time, u8 kind of identity: reasons of sales, 48 to 59],
//	[uv time: reason 96], [u8 core.InboundStatus: reason 40], [u8 core.OnHold: reason 84], [u8 core.ReturnStatus: reason 103], [u8 core.FulfilmentStatus: reason 111], [uv scheduled at: reason 112], uv lines, and of each:
//	uv index, uv SKU, uv location, zv requested, zv available
//
// # Feed group
//
// One value of the stored feed: the events of some commands in a row (AppendFeedHeader, AppendEvent,
// SealFeed, DecodeFeed):
//
//	 0   1  format            1
//	 1   3  zero
//	 4   4  count of events
//	 8   8  first sequence    at least 1
//	16   8  last sequence
//	24   …  events            their sequences from first to last, never going back
//	     4  CRC32C            of all before
//
// # Archive
//
// The orders of a page that has left memory (AppendArchive, DecodeArchive):
//
//	0   1  format            1
//	1   3  zero
//	4   4  count of orders   n
//	8  4n  where the image of each ends, from the first image on
//	    …  images
//	    4  CRC32C            of all before
//
// # Binary batch
//
// Media type BatchMediaType. The request (AppendBatchHeader, AppendCommand, DecodeBatch):
//
//	0   4  "HFB1"
//	4   4  count             1 to MaxBatchCommands
//	8   …  command frames
//
// A SKU is named by its number (GET /v1/skus/{sku} answers it), a channel too (0 is "web"), an order or hold by
// the public number that answers give. The client fills in the slots that its command touches, and a client that does not
// know them sets the flag of the mask and leaves it 0: the server computes them again and needs no more
// than the room for them. One malformed frame spoils only itself, as long as its length is right.
//
// The answer (AppendAnswerHeader, AppendAnswer, DecodeAnswers, DecodeAnswer):
//
//	 0   4  "HFA1"
//	 4   4  count             that of the request
//	 8   8  sequence          the journal's position that the answer reflects
//	16      per command, in the order of the request:
//	     2  status            as of HTTP
//	     1  reason            core.Reason; 255 malformed, 254 key reused, 253 key in progress, 252 overloaded
//	     1  flags             bit 0 replayed
//	     4  zero
//	     8  public number of the order or hold; 0 for none
//
// # Journal stream
//
// Media type StreamMediaType: a journal on its way to a replica (AppendStreamHead, AppendPiece, StreamReader).
//
//	 0   8  "HFSTREAM"
//	 8   4  format            2
//	12   4  zero
//	16  16  instance          identity of the data directory
//	32   8  first             sequence with which the journal begins, 0 while there is nothing
//	40   8  released          the last sequence that may be seen
//	48   8  epoch
//	56   8  epoch after       the last sequence before that epoch
//	64   4  CRC32C            of all before
//	68   …  pieces, without an end
//
// A piece:
//
//	 0   4  length            of the body
//	 4   1  kind              PieceKind
//	 5   3  zero
//	 8   4  CRC32C            of bytes 0 to 7, and of the body unless it is a group
//	12   …  body
//
//	1 group        the whole value of a group, as package wal describes it, with a checksum of its own
//	2 alive        u64 released, u64 epoch, u64 epoch after: the server is still there
//	3 checkpoint   u64 sequence: a checkpoint was begun of the state at this place of the stream
//	4 digest       u64 sequence, 16 bytes digest: that checkpoint is on the disk
package codec

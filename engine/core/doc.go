// Package core decides: given the state and the next command of the journal, what happens.
//
// It is a pure state machine. It knows no clock, no goroutine, no disk and no randomness; the same
// commands in the same order give the same state and the same events on every machine, with any
// number of shards, in any grouping. Only package engine drives it.
//
// # Glossary
//
//	SKU, location, channel   what is sold; where it lies; where the order came from
//	unit                     one piece of one SKU; quantities are whole
//	hold                     units set aside for a customer until a deadline
//	allocation               units of one location promised to one order line
//	backordered              units promised that no location has; their order waits for them
//	fill                     units that came to an order which had waited
//	command, event           a request to change state; what it changed
//	refusal                  a business "no", with a numbered reason; never a Go error
//	slot                     one of 64 fixed partitions; a name belongs to the slot that it hashes to
//	home                     the slot that keeps an order's record
//	part                     what another slot knows of a hold: its own lines and the deadline
//	level                    the units of one SKU at one location
//	state                    of a unit on hand: sellable, damaged, in quality control, or kept from sale for another reason
//	reroute                  units that were allocated at a location are taken over by others
//	fulfilment order         the units that an order has at one location, as those who work there see them
//	short pick               units of a fulfilment order that were not found
//	shipment                 units of an order that left a location together
//	life                     what became of an order's units since it was placed
//	on hold                  an order of which nothing may leave, for reasons; nothing to do with a hold
//	return                   units that the customer sends back; a claim is one of units with which something is wrong
//	disposition              what became of a unit of a return
//	replacement              an order whose units the customer gets for those of a return
//	refund                   money that somebody decided to give back for a return, or credit in the store; whether it was given is another matter
//	edit                     units taken off a placed order, lines added to it, another document, all or nothing; or another document of an order of any status
//	revision                 the edit whose document is an order's now
//	movement                 units that came, went, were counted or changed their state
//	supply                   how much there is to sell of a SKU: out, low, enough
//	buffer                   units that a channel does not sell
//	pool                     units of a SKU set apart for one channel, for a time
//	kit                      a SKU that is sold as units of others, its components; recipe says which, and how many of each
//	sale                     a campaign: SKUs with quotas, a beginning and an end, limits
//	identity                 by what a sale knows a buyer: customer, address, device, payment
//	ticket                   a number with which a sale with a queue lets one order in
//	document                 of incoming stock: a purchase order or a transfer
//	lot                      what is open of a document's line: units on their way
//	discrepancy              why the units that came are not those that were sent
//	waitlist                 who waits for a SKU of a sale that is sold out, in the order in which they came
//	case                     units of a SKU that a forced order has beyond the rules, until they are resolved
//	victim                   an order that might not be served, so that a case is resolved
//	offer                    a hold that the next one on a waitlist gets
//	account                  what an order costs, and its ledger
//	ledger, entry            the payments of an order; one of them: an authorization, capture, refund, void, chargeback or adjustment
//	due                      what is to be paid for what is left of an order
//	task                     an entry that was asked for here, and that somebody has to carry out
//	outstanding              of a task that failed, or was undone: what nothing has made good since
//	lock                     keeps a hold while a payment is under way
//	note                     what somebody wrote beside an order; no decision asks for it
//	capacity                 how many orders a location ships in a day; booked is an order that counts against it
//
// # Quantities
//
// A level stores on hand, unavailable (three states; what is in none of them is sellable), reserved (live holds) and allocated (orders).
// What a location can still give, available to fulfil, is derived:
//
//	fulfillable(level) = on hand − unavailable − reserved − allocated
//
// A SKU adds what was promised beyond stock (backordered) and its safety stock:
//
//	available(SKU) = Σ on hand − Σ unavailable − Σ reserved − Σ allocated − backordered − safety stock − withheld
//
// withheld being what stopped locations could give: Σ of max(0, fulfillable) over the levels there. What is missing there, because a
// count found less than was promised, is missing like anywhere else.
//
// A hold or an order is accepted iff available − quantity ≥ −backorder limit, where quantity is the
// sum over all its lines of the SKU. Of an accepted quantity max(0, min(quantity, available)) units
// are allocated to locations and the rest is backordered, so safety stock is never given away. While a SKU has a preorder, its limit
// stands in the place of the backorder limit; lines that got units beyond stock say that they were sold in it. It ends when it ships.
//
// A channel may sell less. Of each live pool those units are covered that there are of it: pools that began first come first, and what
// was backordered is not taken from them, as it lies at no location.
//
//	covered(pool)      = min(quota − used, Σ on hand − Σ unavailable − Σ reserved − Σ allocated − safety stock − withheld
//	                     − those covered before it)
//	common(channel)    = available − Σ covered of live pools − buffer of the rule, else of the channel
//	most(channel)      = covered(its pool) + max(0, common + backorder limit); of an exclusive pool that is live covered(its pool) alone
//
// Units come out of the channel's pool first. How many did is kept with the line, and they return to the pool while it is the one that
// they came out of; a pool that was set again before its end is still the same.
// Who waits is served before anybody buys anew: available is what is left for those who come, so units that lie there for those who wait
// are not in it. Each SKU has a queue of the orders and holds that wait for it, oldest promise first, and
//
//	to fill(SKU) = available + backordered − Σ covered of live pools
//
// is what there is for them. So what comes in goes to live pools first, as far as their quotas reach, then to those who wait, then on
// sale. A fill takes units out of no pool, not even out of that of the order's own channel: what an order has of a pool it got when it was placed. When a
// pool ends, is lowered or taken back, what is left of it goes to those who wait first. Buffers keep units from new sales only: an order that
// was accepted is filled up to the last unit, also with those that its channel's buffer kept back when it was placed. Units on their way fill nobody before they are received, and what can be promised of them by a date is what is
// left for those who come. Confirmed, a hold keeps its place; released, expired or cancelled it leaves.
//
// A kit has no units. There are as many of it as its components make, min over them of their units / those in a kit, rounded down; also for a
// channel, and by a date. Safety stock, backorder limit and buffers are those of the components.
//
// Lines are served in their order, the components of a kit in the place of its line; a line takes its units from the locations that are not stopped and whose fulfillable is
// positive, by location priority (lower first), then by most fulfillable when the command began, then by location
// number, each as far as it reaches. That is so until a policy of routing is set. An order that is fetched gets units from where it is fetched alone, and is refused as not deliverable where
// others have what it asks for; so it is when it waits, and when it is rerouted.
//
// # Routing
//
// While the policy has rules, or the strategy of cost, orders and holds are routed: the units of all lines from stock are
// distributed over locations by one plan (route.go). Candidates are the locations that have any of them and may serve the order: of a kind that
// counts, there for its channel, with its delivery method, shipping to where it goes, and not too late for the same day; to be fetched, it comes
// from where it is fetched, unless the rule pickup is set. What other locations have does not count for the order: a line that
// asks for more of what there is is refused as not deliverable; only what nobody has is promised beyond stock. A fill takes units by priority,
// from locations that are not stopped and may serve its order, whatever their cut-off, but for the last three that the order was rerouted from while it
// waits, whose units were not set aside as missing, and where no units that can be sold have come since: by a receipt, a transfer, a return, or as a count has found more. A plan of more locations than the policy allows is refused.
//
// A plan is better by the first rule in which two differ, then with fewer locations, then by (priority, number) of the locations. All
// plans of up to three locations are compared, of the 24 most promising where there are more candidates (fewer with very many
// SKUs); single ones always. What no three have together is taken greedily from where most of it is, from at most 100 locations; for a forced
// order what is missing then is taken from the others, by priority.
//
// A location may have a capacity, of orders in a day. An order counts once at each location that ships some of it, all its lines and kits
// together, on the day of the command's stamp there: a day goes from 00:00:00.000 of local time (utc_offset_minutes) until before the next one, and from the first
// millisecond of the cut-off on an order counts on the day after. A location with as many orders of that day as it ships, or more, is no candidate; an order
// that asks for more than is left then, but could have it all otherwise, is refused as booked up. A hold counts like an order, and keeps its
// day and its place when it is confirmed or extended. Who is cancelled, released or expires gives all places back; what is rerouted counts
// where units go, today, and no longer where none is left. Forced orders, fills and offers of waitlists are served whatever the capacity, and count:
// a fill on the day on which it is made, also where the order has been shipped from before. What is only recorded never counts. To join a waitlist no
// capacity counts either: units that cannot be shipped today are for sale.
//
// Orders are booked while the policy routes and some location has a capacity, then with all locations. An order that was placed before never
// is, whatever is filled or rerouted of it, and a lowered capacity takes nothing from anybody. What was booked on a day stays so
// when settings change. All bookings lie in CapacitySlot (capacity.go), which is in the mask of such orders and of all that follows on them.
//
// # Money
//
// An order may be placed with what its lines cost in all, or get that later (PriceOrder), and what it costs beside them, in minor units of one currency; of a hold up to what there is
// a line that gets fewer units costs less. Nothing of it is computed here: taxes and discounts are the merchant's. A line's units are numbered; those that are
// cancelled are its last ones, those that are shipped its first, and the first k of n are worth floor(amount × k / n). Kits are shipped when all that they are made of is.
//
//	due(order) = max(0, Σ what the lines' units that were not cancelled are worth + what it costs beside them) + Σ of exchanges max(0, difference + fee);
//	             0 of one that was cancelled, released or expired
//
// Of an exchange, a return with a replacement that did not come to nothing, difference and fee are the order's, and the replacement has no account. What
// is less than nothing of both together is decided on as a refund, once, with the first command on the return with which the policy allows that, and as far as
// it was paid; as credit where that is the remedy. It stays decided whatever becomes of the return, and counts for the next one if that comes to nothing. Units that come back are the first ones of their line, in the order of the returns (ValueOfReturn).
//
// Entries are known by (provider, reference, type) and are what the last report on them says, in the provider's time; of two reports of one instant the
// status with the higher number counts. What is refunded never exceeds what was captured: reports that would have it so are refused, whichever of the two they are about.
// The status of an order's payment is a function of the ledger and of what is due.
//
// What follows from it is asked for by settle (settle.go), behind every command that changes an order with an account, and behind the expiry of a hold:
//
//	refund    what came in, captured or beside providers, and was not charged back, beyond what is due, by as much as the command raised it, less what refunds
//	          cover beside those that were decided on for returns; and those, as soon as they are; at most what is left of the captures
//	void      what is left of each authorization of an order that came to nothing, unless a void of it failed before; of one that is completed likewise, but for what is due
//	          and neither captured nor paid beside providers; that stays on the first authorizations. While a return waits for a decision nothing of a completed one is void,
//	          as it may become an exchange that costs more
//	capture   with the policy confirm min(due − what came in beside providers, authorized − void), with shipment what has left of that, by as much as the command raised it, less what
//	          captures cover; of orders that are placed, and not on hold but for their payment
//
// Tasks that are open count as carried out, and one that failed is not asked for again: only how far a command moved what ought to be done is. So a
// success that is reported after the hold expired, a capture that fails when the order is cancelled already, and a payment that comes twice all lead to what
// has to be done about them. The ledger of an order has MaxPayments entries; behind each authorization and capture a place is kept for what undoes it, and
// authorizations and captures that do not succeed begin at most MaxAttempts of them, and one more where the failure ends a lock.
// Where there is no room for a task the command is refused, but for those that end the order, and reports on what is known; a void of a completed order that has no room
// is not asked for.
//
// A task that failed, or was undone, is outstanding until it was asked for anew, was done beside it, or has no object any more (failed.go). What was
// asked for anew and failed is outstanding in its place.
//
// A closed order with tasks that are open stays in memory until they are carried out, and then leaves with its account.
//
// # A command, step by step
//
//  1. Time: every slot of the mask, in ascending order, expires the holds whose deadline is at or
//     before the command's stamp, by (deadline, order number), and begins and ends the pools and
//     preorders whose instant has come, those of one instant after the holds, in the order in which they were first set.
//  2. Gather: every slot of the mask writes down what the decision needs of it.
//  3. Decide: a plan, or a refusal. Nothing has changed yet.
//  4. Apply: every slot of the mask carries out its part of the plan.
//  5. Alert: every slot of the mask, in ascending order, tells of its SKUs whose supply is another one than was told last,
//     in the order of their numbers. Refused commands, too, as time has passed for them. A slot tells of MaxSuppliesTold
//     at most, and of the others with its next commands.
//
// For one shard the steps run straight through (Machine.Execute). For several, each shard runs steps
// 1, 2, 4 and 5 for its own slots and the last one to gather runs step 3; package engine does the
// waiting.
//
// # Rules of each command
//
//   - DefineSKU touches the slot of its name (NameSlot). A new SKU takes the slot's next number;
//     a known one gets new settings and one more version. It always succeeds but for ReasonTableFull. Of a SKU that is
//     stopped no hold or order is taken; what was promised stays so, and holds can be confirmed and extended.
//   - DefineLocation and DefineChannel touch all slots, as every slot reads those tables. A new name
//     takes the next number. Location 0 "main" and channel 0 "web" are there from the start.
//     Defining a known channel changes nothing (Outcome.Changed false). A location that is stopped gives nothing to new holds and
//     orders; what was promised there stays so, and units move there as before. SetChannel makes a channel, too, or gives it
//     other settings.
//   - SetChannelRule touches its SKU's slot. It takes the place of the rule before; without buffer and pool it takes that back, and
//     changes nothing if there was none. A quota may be above what there is.
//   - DefineRouting replaces the policy. Its preferred locations must exist, and so must the channels that a location is set aside
//     for when it is defined.
//   - SetKit touches all slots. It makes a SKU a kit, or says that it is made of something else, or, without components, that it is no kit; what
//     it is already changes nothing. What becomes a kit has no units of its own, on hand, promised or on their way, no buffer and no pool in
//     a channel, and is no component. A component is no kit, so kits are never nested and never form a circle. From then on rows,
//     lines of documents and rules that name it are refused; units never come to a kit.
//   - AdjustStock applies all rows or none. A row's result must lie in 0..MaxOnHand; it may fall
//     below what is promised, as a count finds what it finds, but not below what is unavailable. No two rows may name one level.
//   - MoveStock applies all rows or none, one after the other, so rows may name one level. Receive adds to a state, adjust
//     corrects one, count sets one, reclassify moves from one to another, write off takes from one. No state may come out
//     below zero and no level above MaxOnHand after any row; what is sellable may fall below what is promised.
//   - Commands on documents (inbound.go) touch all slots. A document's home is the slot of its kind and number; each SKU keeps
//     its lots. CreateInbound makes a draft, and with Send sends it at once; all of it or nothing. SendInbound orders what a
//     purchase order asks for, and has a transfer's units leave: those that are promised stay, and the transfer is refused. Units in
//     transit are on hand nowhere. ReceiveInbound carries out all rows or none, one after the other: each takes units of what is open of
//     its line, as received or as short, damaged or lost, and those received are put on hand in their state. Units over are
//     received when all that was open is, at most as many as the line's quantity. CloseInbound makes all that is open short, damaged
//     or lost. A document is received when nothing of it is open; then quantity = received + short + damaged + lost − over
//     for each line. Lots never make a unit sellable before it is received.
//   - PlaceHold and PlaceOrder take all lines or none. The units count as reserved for a hold, as
//     allocated for an order. With an external id the order's home is the slot of (channel,
//     external id), else that of its first line. (channel, external id) stays taken: here
//     until the order is archived, and by its host for ever.
//   - A hold up to what there is gets, of each SKU, as many units as stock, backorder limit and the customer's limit
//     allow, if that is less than it asks for. They go to its lines in their order; if a line got none, it is refused.
//   - A customer's units of a SKU with a limit, in live holds and in orders not cancelled, may not
//     exceed the limit. Units are counted from the moment that the SKU has a limit.
//   - An order that was sold elsewhere says what stock has to do with it. Forced, no rule of ours refuses it: not limits, stopped SKUs, buffers, the
//     backorder limit, or how many shipments it takes. It gets what there is by the usual rules, of pools, common stock and where it may be served from, and of that what its channel keeps back, too;
//     for the rest it waits like any other, behind those who do already, and nothing is sold until all who wait are served. What of it the rules would
//     have refused, as neither stock nor backorder limit had it, is told by an event behind the order's own. Skipped, it is recorded and no
//     unit moves: its lines have none, and no recipes are asked for. Either is refused for an unknown SKU or channel, an external id that is taken, and
//     in a sale.
//   - What a forced order has beyond the rules of a SKU is a case of (order, SKU). It is one for each SKU, and not one for the order, as all that is done
//     about it is done where the SKU's queue and units are, and a merchant deals with one SKU after the other. No more is left of it than its order
//     waits for: units that come, and a cancellation, end it. Lines of kits have no units, so a case is of their components. Its record stays.
//   - ResolveCase does something about a case with an order that is named: that of the case, or another one of the SKU, by the version of the case if that is
//     expected. Cancel cancels the order whole, hold or not, and resolves as many units as it had or waited for. Backorder
//     has an order give up as many units as are left, in the order of its lines and their allocations, and wait for them: behind all who wait,
//     as it would get them back in its old place, with whatever it waited for before. FillOrder gives them to those who wait. Units of a pool and
//     those at stopped locations are not given up. Of the order whose case it is nothing moves; it is settled that it waits. Re-source gives an
//     order that waits units of a location that is named, whatever else keeps them: safety stock, a stop, the policy of routing, or those who wait longer;
//     but not what live pools may still sell. An order of which a case of its own is left is dealt with in that: else its units would count twice. Each resolves units of the case, so that cancel and re-source take a promise back, and
//     backorder says who it is that waits.
//   - Victims are ranked by a read, so a ranking has no state: holds first, then by a policy, then the last to come.
//   - DefineSale touches all slots, too. A known name gets new rules and one more version; what was sold stays sold, and a SKU
//     that is left out is no longer sold in the sale. A sale belongs to the slot of the first SKU of its first definition,
//     for ever; that slot keeps all that is counted of it, and is in the mask of every order in it. Rules that do not say how long offers
//     last leave it as it was while anybody waits.
//   - A hold or order in a sale is accepted iff the stamp is at or after the start and before the end, the sale sells all its SKUs,
//     each SKU's quota covers what is held and sold of it, and the buyer has no more units than the limits allow, over all
//     SKUs of the sale, by each identity that is known. Holds also keep to the units that may be held at once.
//   - A hold in a sale lasts as long as asked for, or the sale's longest time if that is less; half as long for each of
//     the customer's holds in the sale that expired, but not less than 30 seconds for that. An extension lasts as long as asked for, shortened
//     in the same way, and does not move the deadline beyond the sale's longest time, shortened too, after the hold was placed; that of an
//     offer not beyond the time that the sale's offers last. With so many expired holds as the sale says a customer gets no more holds.
//   - A ticket is used for good by the first hold or order that is accepted with it. A sale with a queue takes nothing without.
//   - JoinWaitlist takes the last place in the line of a SKU of a sale, while the sale runs, has a place left, and nothing of the SKU is to be
//     had there. A customer has one place for each SKU; who asks again changes nothing. It is refused to whom a hold of the units would be
//     refused, and units that somebody waits for count against the limits of the sale as if they were bought. LeaveWaitlist gives a place
//     up; if nobody has it, nothing changes.
//   - Units that people wait for in a sale are for them, whatever channel they came by: for all others in it quota, the room for holds,
//     what the channel's pool has and then the common stock, and what lies where it may be served from are less by them. Orders outside the
//     sale know nothing of it.
//   - ServeWaitlist offers the next in a line as many units as there are in its channel, at most those it waits for, as a hold that lasts
//     as long as the sale's offers do. Who has an order or a hold that waits for units comes before all who wait for a sale, as these get
//     what may be sold, and that is what is left for those who come. If there are none, if the sale has not begun or the SKU is stopped,
//     nothing changes; if it may have none, or the sale is over or no longer sells the SKU, it is struck off. Either way its place is gone,
//     also when it lets the offer expire. Of who is not the next, or not who the command says, nothing changes. The host sends the
//     command when NextServing says so.
//   - The next in a line is its first; those whose channel has nothing are passed over, at most MaxPassedOver of them, and keep their
//     turn. The command does not tell whether their channels have something, so the host asks in the order of the line.
//   - An offer is routed like any order that does not say where it goes. It never fails for how the units lie: it is of no more than
//     lie where the channel is served from, at as many locations as an order may be shipped from; and as it may be of one unit only, no
//     location is too weak for the weight of several. While no location may ship a single one nothing changes, and who waits goes on
//     waiting, as the units may come to lie elsewhere.
//   - ConfirmHold turns reserved into allocated. Of an order already placed: nothing changes.
//   - ExtendHold moves the deadline to stamp + TTL, but never to an earlier one; if it would not move
//     nothing changes.
//   - ReleaseHold gives the units back. Already released, expired or cancelled: nothing changes.
//   - CancelOrder gives the units back, of a hold too. Already cancelled: nothing changes.
//   - CancelLines gives units of lines back: of each line those first that wait, then those of the location that was asked last. Limits, quotas and
//     the place in the queue go with them; of a line with units of a pool and others, the others go first. Kits go with their components, which do
//     not go alone. When nothing is left of the order it is cancelled, as by CancelOrder.
//   - EditOrder takes units off the lines of an order, adds lines and replaces its document, or some of that, all or nothing; the version of the order
//     that it is of has to be named (ReasonVersionRequired). What is taken off goes first, as by CancelLines, but an edit that would leave nothing
//     is refused. Then what is added is checked like a new order of the customer in the order's channel, with all that was taken off to be had again, but by
//     those who wait for it: stopped SKUs, kits, limits, buffers, pools, backorders and routing count, and an order that is booked needs
//     room at locations where it does not count on the day already. What is added is routed by itself, to the destination of the edit, and limits of shipments are for it
//     alone; what the order has stays where it is. What it waits for is served where the edit says that it goes. An order has one place in
//     the queue of a SKU, so one that waits for units while others wait behind it is not given more of them to wait for (ReasonWaitsAlready). Orders of a sale get
//     no units more (ReasonEditInSale): the sale's quota, limits and tickets are those of when it was placed. Lines that are added stand behind the
//     others, so a line's place never changes; more units of a SKU that the order has are a line of their own. An edit that says that it is of the
//     document alone (LifeRequest.DocumentOnly) is carried out whatever the status is, also of a hold, and touches the home alone: whoever sends it answers for
//     that no decision asks for what is new in it. An order that was archived has no document to change (ReasonDocumentClosed, which the host answers).
//   - PriceOrder says what each line of a placed order or a hold costs, but for those of components, and the order beside its lines, in the place of all that was said
//     before, and may replace its document; the version of the order has to be named. It is refused while a hold is locked (HoldLocked), and once an entry
//     of the ledger or a return goes by the prices (PricesSettled). A placed order that is to be paid by no instant has from then on as long as its channel gives.
//   - ShipOrder has units that are allocated at a location leave it, if so many lie there and can be sold: they are neither on hand nor
//     allocated any more, and what can be sold stays as it was. Limits, quotas and pools count them as before. An order of which something has left
//     is not cancelled by CancelOrder (AlreadyShipped); what is still there of its lines is by CancelLines. Units that are only recorded leave whatever location is named,
//     behind those of the same SKU that lie there, and nothing moves with that; it is how an order that others ship is completed. Taken back, or returned, they are ours.
//   - PutOnHold adds reasons for which nothing of a placed order leaves, TakeOffHold takes some back, or all if it names none; the order is on hold
//     while one is left. ShipOrder is refused then: its units can be cancelled, rerouted and filled, and what has left is tracked. So is RequestPayment for a capture,
//     and no capture follows by itself, unless payment is the only reason: then it is the money that the order waits for. With the last of the other reasons
//     what ought to be captured by then is asked for, but for what was and failed, or was undone. What was asked for before, refunds and voids go on.
//     An order that is cancelled or completed is on hold no longer, also when it is placed again later.
//   - Fulfilment orders (fulfilment.go) are implied by an order's allocations until a command is about one; then all of the order are written down, and
//     follow its allocations whatever changes these. WorkFulfilment changes the status of one. SplitFulfilment has some of its units in another one, MergeFulfilments
//     all of them in one of the same location. MoveFulfilment has it done at another location, if that has all of its units. ShortPick says which of its units were not
//     found, DeclineFulfilment that a supplier does not send any: others take them over, as by RerouteOrder, and what nobody has waits. What was not found is none that
//     is sold, if the command says so: it becomes units kept from sale for another reason, as far as there are so many. ShipOrder takes units out of the fulfilment order that it
//     names, or else out of all of the location whose status allows it, in the order of their numbers; what is picked up is delivered with that.
//   - TrackShipment notes what a carrier reports about a shipment: late, twice, in any order. Its status is what the last report says, by the carrier's time and
//     then by the number of the status. A report is known by the carrier's id or, without one, by instant and status; the last MaxReports are remembered. Units
//     are counted as delivered, lost or returned to the sender as their shipment is. A shipment of which units were taken back keeps its status.
//   - TakeBack has units in stock again of a shipment that was returned to the sender.
//   - An order is completed when nothing of it is left to ship, and all that left was delivered, lost, or returned and taken back; it is placed again
//     when that is not so any more. Its return window, the channel's, begins then, and anew when a shipment arrives after all that had been lost. It ends at
//     an instant like a hold: then the order is closed. What limits, quotas and pools counted of it stays counted.
//   - RequestReturn asks for units of lines to be taken back or, as a claim, to be made good. The order has to be before the end of its return window, or to be
//     forced, which is noted; a closed order that is still in memory is completed again with that. Of a line there may be in returns, over all that were not
//     declined or cancelled and did not expire, as many units as were delivered; and as many as have left and were not taken back, if they are said to have never
//     arrived. Of a return that was closed only those count of which it is known what became of them. Kits come back as their components, and those alone, too.
//   - DecideReturn approves a return, with terms: a deadline, from when on a refund may be decided, how it is made good, a fee, a replacement with what it costs more,
//     and whether the customer keeps the units: then all of them are dealt with, as kept or, in a claim of units that did not come, as missing. Or it declines or
//     cancels it. What was decided already, with the same terms, changes nothing.
//   - A return that is approved expires at its deadline, like a hold, unless it is on its way or something of it has come.
//   - ReportReturn notes that a return is on its way; its document says how. ReceiveReturn notes what became of units, each line's units by disposition: those that
//     are restocked, damaged or in quality control are on hand at the location with that (return_in), the others are not. InspectReturn moves units of the return out of
//     quality control at a location, where so many have to be (reclassify, write off). CloseReturn ends it, also while some units are out.
//   - DecideRefund keeps a decision to give an amount, or credit in the store: from the approval on or, by the policy, from the first receipt or the inspection on, also
//     when the return was closed. All amounts of a return are in one currency. Where the order has an account it is the account's, and the money is asked for
//     as a task with the decision: no more than what was captured and not charged back, less what was refunded, is about to be or is owed. What credit
//     was given for is owed, too, as far as it is beyond what was paid by adjustments.
//   - SettleReturn notes that the replacement of a return that came to nothing was cancelled, or has shipped and is left to the customer. The host does that for those that
//     Machine.Unsettled names, as an order of other slots cannot be cancelled with the return.
//   - An order with an open return, or one whose replacement is not settled, is not closed at the end of its return window, but when the last of them has ended. A
//     shipment that was delivered stays so when a late report says otherwise, if fewer units would be delivered than are in returns.
//   - Units that came back still count for limits per customer, quotas of sales and pools, like others that were delivered: who sends back does not buy again for that.
//   - AdvanceQueue notes how far the line before a sale has come. None of its counters goes back; the order of a line is drawn once.
//   - ArchiveOrders forgets the page of an order, when the page is full and all its orders are closed (cancelled, released
//     or expired); else nothing changes. Commands about those orders are refused with ReasonOrderArchived from then on, and
//     their external ids are no longer known: both are the host's, who has been given the orders.
//   - FillOrder gives an order what it waits for: of each SKU of which it is the first in the queue of those who can be served, as many units as
//     there are to fill where it may have them from, to its lines in their order, from locations by priority. They are reserved for a hold, allocated for an
//     order. If there is nothing to give, or the order is closed, nothing changes. The host sends it (Machine.Waiting) soon after stock came; who stands
//     further behind is not served before its turn, which comes when nobody before it can be served. At most 65,536 who cannot are passed over.
//   - RerouteOrder moves units of an order that is placed away from a location: all that the order has there, or some. They are planned like those
//     of a new order, over the other locations, but take whatever those can give: nothing is promised anew, so safety stock, buffers and
//     pools do not count. What nobody else has stays, or waits at the place in the queue that its promise has; units of a pool that wait are
//     given back to it. It counts as a change, whatever moves: that nobody could help is told, too.
//   - ReportPayment notes what a provider says about a payment of an order, whatever its status. Unknown, it is a new entry; known, with another amount or as
//     another entry than the one that is named, it is refused; later than what is known it counts, and else nothing changes. A report that names a task gives it the
//     provider's reference. A capture that says of which authorization it is cannot be above it. On an order
//     that was archived it is told as it came, unless a version is expected, and nothing of it is kept here: the host keeps it beside the order.
//   - RequestPayment adds tasks that somebody asks for: a capture of an order that is placed, a refund or a void. More than there is is refused.
//   - LockHold has a hold's deadline at the end of the lock, if that is later than its own. While it is locked it is neither released, extended, cancelled nor
//     locked again. Confirmation ends the lock, and so do UnlockHold and a report that an authorization or a capture of the lock's provider and reference has failed: then the hold has its own
//     deadline again, or the stamp if that has passed. A lock that runs out leaves the hold its own deadline.
//   - ExpireUnpaid cancels an order that is placed, of which nothing has left, and that is neither paid nor authorized in full when its channel's time to pay
//     is over. Of any other nothing changes. The host sends it when Unpaid gives the order. What is reported after that time takes nothing back that was paid then.
//   - AddNote tells that somebody wrote something beside an order or a hold, whatever its status, also of one that was archived. Nothing else
//     changes, and nothing of it is kept here: the text is the command's document.
//   - A hold is live while the stamp is before its deadline; at the deadline it is expired.
//
// An order of kits says with them what they are made of, as no slot may look at what another one has: it is refused with ReasonRecipeChanged unless
// that is so, and whoever sent it tries again. Demand is summed over all lines and components before anything is checked. A limit per
// customer on a kit counts kits, one on a component its units in kits too. The order keeps the lines of components behind that
// of their kits; all follow-ups treat them like others, and what is backordered of them waits in the queues of their SKUs. All of them are
// routed by one plan; lines of kits have nothing to ship and no weight. No hold up to what there is has kits.
//
// A sale sells kits as it sells units: quota, what may be held at once, and the limits of buyers count kits. The lines of their components are
// no units of the sale, while a line that asks for the same SKU by itself is, and needs it to be sold there. Stock counts all of them, and
// those who wait in the sale for a component come first. Nobody waits for kits: to join is refused, and who waits for a SKU that becomes one is struck
// off. A SKU that becomes a kit, or is none any more, is sold on under the same quota; what was sold of it counts as what it was.
//
// # Which status allows what
//
//	             held       placed          cancelled        released       expired        completed        closed
//	confirm      placed     unchanged       OrderCancelled   HoldReleased   HoldExpired    unchanged        unchanged
//	extend       held⁴      HoldConfirmed   OrderCancelled   HoldReleased   HoldExpired    HoldConfirmed    HoldConfirmed
//	lock, unlock held⁴      HoldConfirmed   OrderCancelled   HoldReleased   HoldExpired    HoldConfirmed    HoldConfirmed
//	capture      OrderHeld  placed          OrderCancelled   HoldReleased   HoldExpired    completed        closed
//	release      released⁴  HoldConfirmed   unchanged        unchanged      unchanged      HoldConfirmed    HoldConfirmed
//	cancel       cancelled⁴ cancelled¹       unchanged        HoldReleased   HoldExpired    AlreadyShipped   AlreadyShipped
//	reroute      OrderHeld  placed          OrderCancelled   HoldReleased   HoldExpired    OrderCompleted   OrderCompleted
//	cancel lines  OrderHeld  placed²         OrderCancelled   HoldReleased   HoldExpired    OrderCompleted   OrderCompleted
//	edit          OrderHeld  placed³         OrderCancelled   HoldReleased   HoldExpired    OrderCompleted   OrderCompleted
//	its document  held       placed          cancelled        released       expired        completed        closed           (and nothing else)
//	ship          OrderHeld  placed⁴         OrderCancelled   HoldReleased   HoldExpired    OrderCompleted   OrderCompleted
//	fulfilment    OrderHeld  placed          OrderCancelled   HoldReleased   HoldExpired    OrderCompleted   OrderCompleted
//	on hold       OrderHeld  placed          OrderCancelled   HoldReleased   HoldExpired    OrderCompleted   OrderCompleted   (put on, taken off)
//	track         OrderHeld  placed³         OrderCancelled   HoldReleased   HoldExpired    completed³       OrderCompleted
//	take back     OrderHeld  placed³         OrderCancelled   HoldReleased   HoldExpired    completed³       OrderCompleted
//
// ¹ AlreadyShipped when some of it has left. ² Cancelled when nothing is left, and completed when the rest has arrived. ³ Completed or placed,
// as its units are. ⁴ OrderOnHold while it is on hold. ⁴ ReturnWindow when it is over, unless forced. ⁴ HoldLocked while it is locked, and HoldNotLocked to unlock what is not.
//
//	ask for return  OrderHeld  placed          OrderCancelled   HoldReleased   HoldExpired    completed⁴       completed⁴
//	of returns    OrderHeld  placed          OrderCancelled   HoldReleased   HoldExpired    completed        OrderCompleted
//
//	resolve      OrderHeld  placed          OrderCancelled   HoldReleased   HoldExpired   (to cancel, a hold is cancelled)
//
// What each status of a fulfilment order becomes; all else is refused (FulfilmentStatus). What an action would make of it already changes nothing. While
// the order is on hold it is not started, submitted or made ready.
//
//	            open         in_progress  scheduled    on_hold  submitted  accepted     incomplete   ready
//	start       in_progress               in_progress¹                     in_progress
//	schedule    scheduled                 scheduled
//	hold        on_hold      on_hold      on_hold                          on_hold      on_hold      on_hold
//	release                               open         open
//	submit      submitted²
//	accept                                                      accepted
//	decline                                                     declined   declined
//	stop                     open                               open                    open         open
//	ready                    ready                                                      ready
//	split, merge, move  open
//	short pick               incomplete                                    incomplete   incomplete
//	ship        open         in_progress                                   accepted     incomplete   ready
//
// ¹ FulfilmentEarly before the instant for which it is scheduled. ² NotASupplier at any other location. One with nothing left is closed when some of it was
// shipped, else cancelled; these and declined ones have no units, and stay what they are.
//
// And which status of a document:
//
//	          draft      sent                  partially received  received   cancelled
//	send      sent       unchanged             unchanged           unchanged  InboundStatus
//	receive   refused    partially, received   partially, received refused    refused      (InboundStatus)
//	close     refused    received              received            unchanged  refused      (InboundStatus)
//	cancel    cancelled  cancelled (purchase   refused             refused    unchanged    (InboundStatus)
//	                     order), refused
//
// And which status of a return (ReturnStatus where it says no):
//
//	            requested  approved   in transit  partially received  received   inspected  closed     declined   cancelled  expired
//	approve     approved¹  unchanged² no          no                  no         no         no         no         no         no
//	decline     declined   no         no          no                  no         no         no         unchanged  no         no
//	cancel      cancelled  cancelled  cancelled   no                  no         no         no         no         unchanged  no
//	in transit  no         in transit unchanged³  unchanged³          no         no         no         no         no         no
//	receive     no         received⁴  received⁴   received⁴           no         no         no         no         no         no
//	inspect     no         no         no          partially received  inspected⁵ no         no         no         no         no
//	close       no         no         no          closed              closed     closed     unchanged  no         no         no
//	refund      no         approved⁶  in transit⁶ partially received⁶ received⁶  inspected  closed     no         no         no
//
// ¹ Received when the customer keeps the units. ² No with other terms. ³ Noted when it says how it travels. ⁴ Partially received while units are out. ⁵ Received
// while units are in quality control. ⁶ If the policy allows it so soon.
//
// A tick always counts as a change, and so does an adjustment that leaves what was there. An order keeps its
// allocations in its record and images when it ends; units that were counted against a limit stay counted while the limit is
// lifted and set again.
//
// A wrong expected version is refused first, whatever the status. So it is of a SKU, a location, a channel, a sale, the policy of routing, and a
// channel's rule about a SKU, of which those must exist: of what is not there it is 0, so whoever expects a version makes nothing new. A backordered part of a line moves with the line: it is reserved while held,
// and given back on release, expiry and cancellation.
//
// # Slots of an order
//
// An order's number says whether it touched other slots than its home when it was made, and never changes. An edit may bring lines of other slots. Then
// the order's mask grows, and of an order whose number says that its home is all, the record notes that it has grown. So SlotsOf may be told too little by a
// number, and a mask that somebody asked for may be too small when the command comes: either is refused with ReasonSlotsChanged, and
// whoever sent the command tries again with all slots, as a mask may be wider than it must. To ask for every order, or to keep a list of those that
// have grown where commands come in, would cost all orders something for the few that are edited, and would not spare the refusal: an edit may
// come between the question and the command. Nor would it help to ask once more when it came, for the same reason.
//
// # Memory
//
// Lines of an order lie side by side, so with lines that are added all of its lines are written once more; where they were is freed with the
// page, when no order in memory has lines there any more. An order with another document than that it was placed with takes 16 bytes for it.
//
// An order that is only placed has no life; with one it takes 32 bytes more and 28 for each line, 48 for each shipment,
// 16 for each line in it and 24 for each report about it, 80 for each return, 40 for each line in it and 112 for each refund, 24 for each fulfilment order and 12 for each line in it.
//
// An order without prices has no account; with one it takes 56 bytes, 16 for each line, and 48 and its texts for each entry. What has to be paid by an instant
// takes 24 more until then.
//
// Records are fixed-size and free of pointers, in slabs per slot (slab.go); indexes are derived from
// them. A booking takes 24 bytes, and stays as long as its order is live. Documents stay in memory, closed ones too: 168 bytes each and 40 for each line, and so do oversold cases, 64 bytes each; lots go when nothing is open. Pages of orders that are all closed can be archived: the machine hands them over and forgets them (archive.go). Pages come from an Allocator, so the host may keep them outside the garbage collector's heap. The processor
// is told ahead what will be read and written (prefetch.go), by a few lines of assembly that read and change nothing.
package core

// T75: an owned object given away while it is lent
// error: overlapping accesses
import WDF

func use(_ lent: borrowing Owned<General>, _ given: consuming Owned<General>) {}

func consumesWhileLent(_ owned: consuming Owned<General>) { use(owned, owned) }

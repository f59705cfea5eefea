// T75: an object given another parent
// error: is a get-only property
import WDF

func movesToAnotherParent(_ child: Ref<General>, _ parent: Ref<General>) {
  var child = child
  child.parent = parent.erased
}

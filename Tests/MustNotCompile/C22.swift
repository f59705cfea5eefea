// C22: a function returns a span in a module without the Lifetimes feature.
// error: a function cannot return a ~Escapable result
import MDL

#if OK
  func check(_ chain: MDLChain, _ body: (MDLSpan) -> Void) { body(chain.span) }
#else
  func check(_ chain: MDLChain) -> MDLSpan { chain.span }
#endif

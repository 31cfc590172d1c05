import { Component, type ReactNode } from "react";

interface GuardProps {
  fallback: ReactNode;
  children: ReactNode;
}

/** A drawing that fails takes nothing else of the page with it. */
export class Guard extends Component<GuardProps, { has_failed: boolean }> {
  override state = { has_failed: false };

  static getDerivedStateFromError(): { has_failed: boolean } {
    return { has_failed: true };
  }

  override render(): ReactNode {
    return this.state.has_failed ? this.props.fallback : this.props.children;
  }
}

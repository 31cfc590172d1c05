import { Component, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { Notice } from "@/components/Pill";

interface Props {
  title: string;
  reload: string;
  children: ReactNode;
}

/** A part of the page that could not be loaded or drawn takes nothing else with it. */
export class PartBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div role="alert" className="p-6">
        <Notice tone="danger" title={this.props.title}>
          <Button className="mt-3" onClick={() => location.reload()}>
            {this.props.reload}
          </Button>
        </Notice>
      </div>
    );
  }
}

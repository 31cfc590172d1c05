// Apps that come with oikos.
import { queryOptions } from "@tanstack/react-query";
import { client, said, type Schemas } from "./client";

export type Starter = Schemas["StarterView"];

export const starterList = () =>
  queryOptions({
    queryKey: ["starters"],
    queryFn: async (): Promise<Starter[]> => (await said(client.GET("/api/v1/starters"))).starters,
  });

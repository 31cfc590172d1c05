export const words = text => text.split(" ").filter(word => word !== "");

import type { Action, Deed, Known } from "./action";
import answerQuestion from "./answer-question";
import appTouch from "./app-touch";
import connectClient from "./connect-client";
import goScreen from "./go-screen";
import importServers from "./import-servers";
import installApp from "./install-app";
import lastRun from "./last-run";
import lookServer from "./look-server";
import newKey from "./new-key";
import openApp from "./open-app";
import openPage from "./open-page";
import openServer from "./open-server";
import runAction from "./run-action";
import sendEvent from "./send-event";
import signInBrowser from "./sign-in-browser";
import signOut from "./sign-out";
import stopApp from "./stop-app";
import stopEverything from "./stop-everything";
import stopRun from "./stop-run";
import switchLanguage from "./switch-language";
import switchTheme from "./switch-theme";
import trustPublisher from "./trust-publisher";
import verifyLog from "./verify-log";

/** In the order in which they stand where nothing was typed, and of those that fit as well: what stops comes after. */
const DEEDS: readonly Deed[] = [
  answerQuestion,
  runAction,
  openPage,
  goScreen,
  installApp,
  openApp,
  openServer,
  lastRun,
  stopRun,
  stopEverything,
  stopApp,
  appTouch,
  sendEvent,
  lookServer,
  importServers,
  connectClient,
  newKey,
  trustPublisher,
  signInBrowser,
  verifyLog,
  switchTheme,
  switchLanguage,
  signOut,
];

export const actionsFor = (known: Known): Action[] => DEEDS.flatMap((deed) => deed(known));
